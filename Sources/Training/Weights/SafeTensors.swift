internal import FoundationEssentials

/// The safetensors format: eight bytes of header length, a JSON header, then all tensors without gaps.
///
/// Elements of type F32 and I64 are supported; those of type F64 are read too, rounded to F32. The same weights and metadata always give the same bytes: as
/// the reference implementation does it, tensors are ordered by falling element size, then by name.
public enum SafeTensors {
  /// The bytes of a file with those weights.
  ///
  /// - Parameters:
  ///   - weights: the tensors.
  ///   - metadata: free text by name, such as where the weights come from.
  /// - Throws: `WeightError.malformed` for a tensor that is named like the metadata.
  public static func encode(
    _ weights: WeightSet, metadata: [String: String] = [:]
  ) throws(WeightError) -> [UInt8] {
    guard weights[metadataKey] == nil else { throw .malformed("no tensor may be named \(metadataKey)") }
    let ordered = weights.tensors.sorted {
      let (left, right) = ($0.values.elementSize, $1.values.elementSize)
      return left != right ? left > right : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
    var entries: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      entries.append(
        "\(quoted(metadataKey)):{\(pairs.map { quoted($0.key) + ":" + quoted($0.value) }.joined(separator: ","))}"
      )
    }
    var offset = 0
    for tensor in ordered {
      let end = offset + tensor.values.count * tensor.values.elementSize
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.values.typeName)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.count + offset)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes += $0 }
    bytes += header
    for tensor in ordered { tensor.values.append(to: &bytes) }
    return bytes
  }

  /// The weights and metadata in the bytes of a file; tensors come in the order of their places in it.
  ///
  /// - Throws: `WeightError.malformed` for anything but a complete file whose tensors fill it exactly.
  public static func decode(
    _ bytes: [UInt8]
  ) throws(WeightError) -> (weights: WeightSet, metadata: [String: String]) {
    guard bytes.count >= 8 else { throw .malformed("the file has less than 8 bytes") }
    let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(min(largestHeader, bytes.count - 8)) else {
      throw .malformed("the header would have \(length) bytes, more than the file or the limit allows")
    }
    let start = 8 + Int(length)
    guard bytes.count > 8, bytes[8] == UInt8(ascii: "{") else {
      throw .malformed("the header does not begin with “{”")
    }
    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: Data(bytes[8..<start]))
    } catch {
      throw .malformed("the header is not the JSON of a safetensors file")
    }
    var tensors: [WeightTensor] = []
    var end = 0
    for (name, entry) in header.entries.sorted(by: { $0.value.order($0.key) < $1.value.order($1.key) }) {
      guard let size = sizes[entry.dtype] else {
        throw .malformed("\(name) has elements of type \(entry.dtype); F32, F64 and I64 are supported")
      }
      guard entry.offsets.count == 2, entry.offsets[0] == end, entry.offsets[1] >= end,
        entry.offsets[1] <= bytes.count - start
      else {
        throw .malformed("\(name) overlaps another tensor, leaves a gap or reaches beyond the file")
      }
      let range = start + end..<start + entry.offsets[1]
      guard let count = WeightSet.elementCount(entry.shape), range.count / size == count,
        range.count.isMultiple(of: size)
      else {
        throw .malformed("\(name) has \(range.count) bytes, which do not fit its shape \(entry.shape)")
      }
      end = entry.offsets[1]
      tensors.append(
        WeightTensor(
          name: name, shape: entry.shape,
          values: values(entry.dtype, bytes, range)))
    }
    guard start + end == bytes.count else {
      throw .malformed("\(bytes.count - start - end) bytes behind the last tensor belong to none")
    }
    return (try WeightSet(tensors), header.metadata)
  }

  /// Writes a file at once: a reader sees the old one or the whole new one.
  ///
  /// - Throws: `WeightError`.
  public static func write(
    _ weights: WeightSet, metadata: [String: String] = [:], to path: String
  ) throws(WeightError) {
    try FileBytes.write(encode(weights, metadata: metadata), to: path)
  }

  /// Reads a file.
  ///
  /// - Throws: `WeightError`.
  public static func read(
    _ path: String
  ) throws(WeightError) -> (weights: WeightSet, metadata: [String: String]) {
    try decode(FileBytes.read(path))
  }

  private static let metadataKey = "__metadata__"
  private static let sizes = ["F32": 4, "F64": 8, "I64": 8]

  private static func values(_ type: String, _ bytes: [UInt8], _ range: Range<Int>) -> WeightTensor.Values {
    switch type {
    case "F32": .float32(bytes, range)
    case "F64": .float64(bytes, range)
    default: .int64(bytes, range)
    }
  }

  private static let largestHeader = 1 << 24

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private struct Entry: Decodable {
    var dtype: String
    var shape: [Int]
    var offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }

    /// By place; tensors without elements come before the one that begins where they are.
    func order(_ name: String) -> (Int, Int, String) {
      (offsets.first ?? 0, offsets.last ?? 0, name)
    }
  }

  private struct Header: Decodable {
    var metadata: [String: String] = [:]
    var entries: [String: Entry] = [:]

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      for key in values.allKeys {
        if key.stringValue == metadataKey {
          metadata = try values.decode([String: String].self, forKey: key)
        } else {
          entries[key.stringValue] = try values.decode(Entry.self, forKey: key)
        }
      }
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

extension WeightTensor.Values {
  fileprivate var typeName: String {
    switch self {
    case .float32: "F32"
    case .int64: "I64"
    }
  }

  fileprivate var elementSize: Int {
    switch self {
    case .float32: 4
    case .int64: 8
    }
  }

  func append(to bytes: inout [UInt8]) {
    switch self {
    case .float32(let values):
      // Closures, as key paths of two steps are walked at run time, for each element.
      values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { bytes += $0 }
    case .int64(let values):
      values.map { $0.littleEndian }.withUnsafeBytes { bytes += $0 }
    }
  }

  fileprivate static func float32(_ bytes: [UInt8], _ range: Range<Int>) -> WeightTensor.Values {
    bytes.withUnsafeBytes { raw in
      .float32(
        stride(from: range.lowerBound, to: range.upperBound, by: 4).map {
          Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
        })
    }
  }

  fileprivate static func float64(_ bytes: [UInt8], _ range: Range<Int>) -> WeightTensor.Values {
    bytes.withUnsafeBytes { raw in
      .float32(
        stride(from: range.lowerBound, to: range.upperBound, by: 8).map {
          Float(
            Double(bitPattern: UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt64.self))))
        })
    }
  }

  fileprivate static func int64(_ bytes: [UInt8], _ range: Range<Int>) -> WeightTensor.Values {
    bytes.withUnsafeBytes { raw in
      .int64(
        stride(from: range.lowerBound, to: range.upperBound, by: 8).map {
          Int64(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: Int64.self))
        })
    }
  }
}
