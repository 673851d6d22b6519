/// The wire format of Protocol Buffers, as far as ONNX files need it.
struct ProtocolBuffer {
  private(set) var bytes: [UInt8] = []

  /// A whole number of field `field`; negative ones in two's complement, as `int64` has it.
  mutating func add(_ field: Int, _ number: Int) {
    addKey(field, wireType: 0)
    addNumber(UInt64(bitPattern: Int64(number)))
  }

  mutating func add(_ field: Int, _ number: Float) {
    addKey(field, wireType: 5)
    addLittleEndian(number.bitPattern)
  }

  mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

  mutating func add(_ field: Int, _ message: ProtocolBuffer) { add(field, message.bytes) }

  mutating func add(_ field: Int, _ content: [UInt8]) {
    addKey(field, wireType: 2)
    addNumber(UInt64(content.count))
    bytes += content
  }

  private mutating func addKey(_ field: Int, wireType: Int) {
    addNumber(UInt64(field << 3 | wireType))
  }

  private mutating func addNumber(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func addLittleEndian(_ bits: UInt32) {
    for shift in stride(from: 0, to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift)))
    }
  }
}
