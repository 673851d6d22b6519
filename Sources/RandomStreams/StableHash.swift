/// A 64-bit hash that is the same on every machine, in every process and in every version of Swift.
///
/// FNV-1a over bytes with a final avalanche. For identity of content (networks, requests), not for security.
public struct StableHash: Sendable {
  private var state: UInt64

  /// An empty hash; another `salt` gives an independent function.
  public init(salt: UInt64 = 0) {
    state = 0xCBF2_9CE4_8422_2325 ^ salt
  }

  /// The hash of what was combined so far.
  public var value: UInt64 {
    var bits = state
    bits = (bits ^ (bits >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    bits = (bits ^ (bits >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    return bits ^ (bits >> 33)
  }

  /// Takes in one byte.
  public mutating func combine(byte: UInt8) {
    state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }

  /// Takes in a number, as its eight bytes.
  public mutating func combine(_ number: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) {
      combine(byte: UInt8(truncatingIfNeeded: number >> UInt64(shift)))
    }
  }

  /// Takes in a text, as its UTF-8 bytes and their count, so that "ab" + "c" differs from "a" + "bc".
  public mutating func combine(_ text: String) {
    var count: UInt64 = 0
    for byte in text.utf8 {
      combine(byte: byte)
      count += 1
    }
    combine(count)
  }

  /// The 128-bit hash of a text in 32 hexadecimal digits, for keys.
  public static func hexadecimal128(_ text: String) -> String {
    var first = StableHash()
    var second = StableHash(salt: 0x9E37_79B9_7F4A_7C15)
    var count: UInt64 = 0
    // Both in one walk over the text, as `combine` does for one.
    for byte in text.utf8 {
      first.combine(byte: byte)
      second.combine(byte: byte)
      count += 1
    }
    first.combine(count)
    second.combine(count)
    return padded(first.value) + padded(second.value)
  }

  private static func padded(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
