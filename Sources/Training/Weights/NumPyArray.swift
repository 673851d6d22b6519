/// An array in NumPy's file format (`.npy`), by which tensors travel to and from Python.
///
/// Reading takes little-endian floats of 2, 4 and 8 bytes, integers of 1 to 8 bytes and booleans, in row-major or
/// column-major order; writing is float32 or int64, row-major, format version 1.0.
public struct NumPyArray: Sendable, Hashable {
  /// The extents, outermost first; empty for a scalar.
  public var shape: [Int]
  /// The values, row-major.
  public var values: WeightTensor.Values

  /// An array.
  ///
  /// - Throws: `WeightError.malformed` where the shape does not fit the values.
  public init(shape: [Int], values: WeightTensor.Values) throws(WeightError) {
    guard WeightSet.elementCount(shape) == values.count else {
      throw .malformed("\(values.count) values do not fill the shape \(shape)")
    }
    self.shape = shape
    self.values = values
  }

  /// Reads a file.
  ///
  /// - Throws: `WeightError`.
  public static func read(_ path: String) throws(WeightError) -> NumPyArray {
    try decode(FileBytes.read(path))
  }

  /// Writes a file at once: a reader sees the old one or the whole new one.
  ///
  /// - Throws: `WeightError.file`.
  public func write(to path: String) throws(WeightError) { try FileBytes.write(encoded(), to: path) }

  // MARK: The format

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// The bytes of a file.
  public func encoded() -> [UInt8] {
    let type =
      switch values {
      case .float32: "<f4"
      case .int64: "<i8"
      }
    let extents = shape.map { "\($0)," }.joined(separator: " ")
    var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }"
    // The data begins at a multiple of 64 bytes, behind a line feed.
    let unpadded = Self.magic.count + 4 + header.utf8.count + 1
    header += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    var bytes = Self.magic + [1, 0, UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8 & 0xFF)]
    bytes += Array(header.utf8)
    values.append(to: &bytes)
    return bytes
  }

  /// The array in the bytes of a file.
  ///
  /// - Throws: `WeightError.malformed` for what is no complete array of a type that can be read.
  public static func decode(_ bytes: [UInt8]) throws(WeightError) -> NumPyArray {
    guard bytes.count >= 10, Array(bytes[..<6]) == magic, (1...3).contains(bytes[6]) else {
      throw .malformed("it is not an .npy file of version 1 to 3")
    }
    let lengthBytes = bytes[6] == 1 ? 2 : 4
    guard bytes.count >= 8 + lengthBytes else { throw .malformed("the header is cut off") }
    let length = bytes[8..<8 + lengthBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = 8 + lengthBytes
    guard length <= min(1 << 20, bytes.count - start) else { throw .malformed("the header is cut off") }
    let header = String(decoding: bytes[start..<start + length], as: UTF8.self)
    let data = start + length
    guard let descriptor = value(of: "descr", in: header)?.filter({ $0 != "'" && $0 != "\"" }),
      let order = value(of: "fortran_order", in: header), let shape = shape(in: header)
    else { throw .malformed("the header is not that of an array of numbers") }
    guard let type = ElementKind(descriptor) else {
      throw .malformed("elements of type \(descriptor) cannot be read; save float32 or int64, little-endian")
    }
    guard let count = WeightSet.elementCount(shape), let size = multiplied(count, type.size),
      size == bytes.count - data
    else { throw .malformed("\(bytes.count - data) bytes do not fill the shape \(shape) of \(descriptor)") }
    var values = type.values(bytes, from: data, count: count)
    if order.hasPrefix("True"), shape.count > 1 { values = rowMajor(values, shape) }
    return try NumPyArray(shape: shape, values: values)
  }

  private static func multiplied(_ left: Int, _ right: Int) -> Int? {
    let (product, overflows) = left.multipliedReportingOverflow(by: right)
    return overflows ? nil : product
  }

  /// The text behind a key, up to the next comma.
  private static func value(of key: String, in header: String) -> String? {
    guard let range = header.ranges(of: "'\(key)':").first else { return nil }
    let rest = header[range.upperBound...].drop { $0 == " " }
    return String(rest.prefix { $0 != "," && $0 != "}" })
  }

  private static func shape(in header: String) -> [Int]? {
    guard let key = header.ranges(of: "'shape':").first,
      let open = header[key.upperBound...].firstIndex(of: "("),
      let close = header[open...].firstIndex(of: ")")
    else { return nil }
    let words = header[header.index(after: open)..<close].split(separator: ",")
      .map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
    let extents = words.compactMap { Int($0) }
    return extents.count == words.count && extents.count <= 64 && extents.allSatisfy { $0 >= 0 }
      ? extents : nil
  }

  /// Column-major values in row-major order.
  private static func rowMajor(_ values: WeightTensor.Values, _ shape: [Int]) -> WeightTensor.Values {
    var places = [Int](repeating: 0, count: values.count)
    var index = [Int](repeating: 0, count: shape.count)
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropFirst() { strides[axis] = strides[axis - 1] * shape[axis - 1] }
    for place in places.indices {
      places[place] = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
      for axis in shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
    return switch values {
    case .float32(let numbers): .float32(places.map { numbers[$0] })
    case .int64(let numbers): .int64(places.map { numbers[$0] })
    }
  }
}

/// The element types of files that can be read.
private enum ElementKind: String {
  case float16 = "<f2", float32 = "<f4", float64 = "<f8"
  case int8 = "|i1", int16 = "<i2", int32 = "<i4", int64 = "<i8"
  case uint8 = "|u1", uint16 = "<u2", uint32 = "<u4"
  case bool = "|b1"

  init?(_ descriptor: String) { self.init(rawValue: descriptor) }

  var size: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64: 8
    }
  }

  func values(_ bytes: [UInt8], from start: Int, count: Int) -> WeightTensor.Values {
    func bits(_ index: Int) -> UInt64 {
      let place = start + index * size
      return bytes[place..<place + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    func signed(_ index: Int) -> Int64 {
      let shift = UInt64(64 - 8 * size)
      return Int64(bitPattern: bits(index) << shift) >> Int64(shift)
    }
    let range = 0..<count
    return switch self {
    case .float16: .float32(range.map { Self.half(UInt16(truncatingIfNeeded: bits($0))) })
    case .float32: .float32(range.map { Float(bitPattern: UInt32(truncatingIfNeeded: bits($0))) })
    case .float64: .float32(range.map { Float(Double(bitPattern: bits($0))) })
    case .int8, .int16, .int32, .int64: .int64(range.map(signed))
    case .uint8, .uint16, .uint32, .bool: .int64(range.map { Int64(bitPattern: bits($0)) })
    }
  }

  /// A number of IEEE 754's binary16, which Swift has no type for on every platform.
  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Float(bits & 0x3FF))
    return switch exponent {
    case 0: sign * fraction * 0x1p-24
    case 31: fraction == 0 ? sign * .infinity : .nan
    default: sign * (1 + fraction * 0x1p-10) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }
}
