/// What an attribute of an ONNX node holds.
enum ONNXAttribute: Hashable {
  case number(Float)
  case integer(Int)
  case integers([Int])
  case text(String)
}

/// A tensor that an ONNX file brings with it.
struct ONNXTensor {
  /// The elements, row-major.
  enum Elements {
    case floats([Float])
    case integers([Int32])
    /// Shapes, axes and the like.
    case longs([Int])
  }

  var name: String
  var shape: [Int]
  var elements: Elements

  var encoded: ProtocolBuffer {
    var message = ProtocolBuffer()
    for extent in shape { message.add(1, extent) }
    switch elements {
    case .floats(let values):
      message.add(2, ONNXElementType.float32)
      message.add(9, Self.raw(values.map(\.bitPattern)))
    case .integers(let values):
      message.add(2, ONNXElementType.int32)
      message.add(9, Self.raw(values.map { UInt32(bitPattern: $0) }))
    case .longs(let values):
      message.add(2, ONNXElementType.int64)
      message.add(9, Self.raw(values.map { UInt64(bitPattern: Int64($0)) }))
    }
    message.add(8, name)
    return message
  }

  /// Little-endian, as ONNX has it.
  private static func raw<Number: FixedWidthInteger>(_ numbers: [Number]) -> [UInt8] {
    numbers.map(\.littleEndian).withUnsafeBytes { Array($0) }
  }
}

/// ONNX's codes of element types.
enum ONNXElementType {
  static let float32 = 1
  static let int32 = 6
  static let int64 = 7
  static let boolean = 9
}

/// One operator applied to values by their names.
struct ONNXNode {
  var type: String
  var inputs: [String]
  var outputs: [String]
  var label: String
  var attributes: [(name: String, value: ONNXAttribute)]

  var encoded: ProtocolBuffer {
    var message = ProtocolBuffer()
    for input in inputs { message.add(1, input) }
    for output in outputs { message.add(2, output) }
    message.add(3, label)
    message.add(4, type)
    for (name, value) in attributes { message.add(5, Self.encoded(name, value)) }
    return message
  }

  private static func encoded(_ name: String, _ value: ONNXAttribute) -> ProtocolBuffer {
    var message = ProtocolBuffer()
    message.add(1, name)
    switch value {
    case .number(let number):
      message.add(2, number)
      message.add(20, 1)
    case .integer(let number):
      message.add(3, number)
      message.add(20, 2)
    case .text(let text):
      message.add(4, text)
      message.add(20, 3)
    case .integers(let numbers):
      for number in numbers { message.add(8, number) }
      message.add(20, 7)
    }
    return message
  }
}

/// What goes in or comes out of a model; a negative extent is the batch of whoever runs it.
struct ONNXPort {
  static let batch = -1

  var name: String
  var elementType: Int
  var shape: [Int]

  var encoded: ProtocolBuffer {
    var extents = ProtocolBuffer()
    for extent in shape {
      var dimension = ProtocolBuffer()
      if extent == Self.batch { dimension.add(2, "batch") } else { dimension.add(1, extent) }
      extents.add(1, dimension)
    }
    var tensor = ProtocolBuffer()
    tensor.add(1, elementType)
    tensor.add(2, extents)
    var type = ProtocolBuffer()
    type.add(1, tensor)
    var message = ProtocolBuffer()
    message.add(1, name)
    message.add(2, type)
    return message
  }
}
