/// A seeded stream of random numbers that is identified by a name and can be split into further named streams.
///
/// Two streams with the same seed and path of names are equal, whatever was drawn elsewhere and in whatever
/// order, so a run's results do not depend on thread timing. The generator is counter-based: number *n* is the
/// SplitMix64 finaliser of `key + n · φ` (Steele, Lea & Flood 2014, "Fast Splittable Pseudorandom Number
/// Generators"), which makes a stream a value of two words that can be stored and continued.
public struct RandomStream: RandomNumberGenerator, Sendable, Hashable, Codable {
  /// What tells this stream from others.
  public let key: UInt64
  @usableFromInline var drawn: UInt64 = 0
  /// How many 64-bit numbers were drawn so far.
  public var position: UInt64 { drawn }

  /// The root stream of a run.
  public init(seed: UInt64) {
    key = Self.mixed(seed ^ 0x6A09_E667_F3BC_C909)
  }

  private init(key: UInt64) {
    self.key = key
  }

  /// The stream of that name below this one; drawing from either does not affect the other.
  public func stream(_ name: String) -> RandomStream {
    var hash = StableHash()
    hash.combine(key)
    hash.combine(name)
    return RandomStream(key: Self.mixed(hash.value))
  }

  /// The stream of that name and number below this one, such as `("candidate", 17)`.
  public func stream(_ name: String, _ number: Int) -> RandomStream {
    var hash = StableHash()
    hash.combine(key)
    hash.combine(name)
    hash.combine(UInt64(bitPattern: Int64(number)))
    return RandomStream(key: Self.mixed(hash.value))
  }

  // What draws numbers can be inlined in loops that draw many.
  /// The next 64 uniformly distributed bits.
  @inlinable public mutating func next() -> UInt64 {
    drawn &+= 1
    return Self.mixed(key &+ drawn &* 0x9E37_79B9_7F4A_7C15)
  }

  @inlinable static func mixed(_ input: UInt64) -> UInt64 {
    var bits = input
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  private enum CodingKeys: String, CodingKey {
    case key
    case drawn = "position"
  }
}
