/// The checksum of stored weights and of ZIP files.
public enum Checksum {
  /// The checksum of each byte, then of each byte with one to seven zeros behind it.
  private static let tables: [UInt32] = {
    var tables: [UInt32] = (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }
    for index in 0..<7 * 256 {
      let value = tables[index]
      tables.append(tables[Int(value & 255)] ^ value >> 8)
    }
    return tables
  }()

  /// CRC-32 as ISO 3309 and zlib have it, eight bytes at a time (Kounavis and Berry's slicing).
  public static func crc32(_ bytes: [UInt8]) -> UInt32 {
    let tables = tables
    var value = ~UInt32(0)
    var index = 0
    while index + 8 <= bytes.count {
      var next = UInt64(value)
      for place in 0..<8 { next ^= UInt64(bytes[index + place]) << UInt64(8 * place) }
      value = 0
      for place in 0..<8 {
        let byte = Int(truncatingIfNeeded: next >> UInt64(8 * place)) & 255
        value ^= tables[(7 - place) * 256 + byte]
      }
      index += 8
    }
    while index < bytes.count {
      value = tables[Int(UInt8(truncatingIfNeeded: value) ^ bytes[index])] ^ value >> 8
      index += 1
    }
    return ~value
  }
}
