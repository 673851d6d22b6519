/// The order in which the benchmark numbers its cells.
///
/// Its authors listed the cells with the first edge slowest and shuffled the list once, with Python's
/// `random.seed(88)` and `random.shuffle`. Doing the same here gives the numbers of every table of the benchmark.
enum NASBench201Order {
  /// By index: the cell's code.
  static let codes: [UInt16] = {
    var codes = Array(0..<UInt16(NASBench201Cell.count))
    var generator = MersenneTwister(seed: 88)
    for last in stride(from: codes.count - 1, to: 0, by: -1) {
      codes.swapAt(last, generator.integer(below: last + 1))
    }
    return codes
  }()

  /// By code: the cell's index.
  static let indices: [UInt16] = {
    var indices = [UInt16](repeating: 0, count: codes.count)
    for (index, code) in codes.enumerated() { indices[Int(code)] = UInt16(index) }
    return indices
  }()
}

/// MT19937 (Matsumoto & Nishimura 1998), seeded and drawn from as Python's `random` does.
struct MersenneTwister {
  private static let size = 624
  private static let middle = 397
  private var state: [UInt32]
  private var position = size

  /// As `random.seed(seed)` for a whole number of 32 bits.
  init(seed: UInt32) {
    let size = Self.size
    state = [19_650_218]
    for index in 1..<size {
      let last = state[index - 1]
      state.append((last ^ (last >> 30)) &* 1_812_433_253 &+ UInt32(index))
    }
    var index = 1
    func advance() {
      index += 1
      if index == size {
        state[0] = state[size - 1]
        index = 1
      }
    }
    for _ in 0..<size {
      let last = state[index - 1]
      state[index] = (state[index] ^ ((last ^ (last >> 30)) &* 1_664_525)) &+ seed
      advance()
    }
    for _ in 0..<(size - 1) {
      let last = state[index - 1]
      state[index] = (state[index] ^ ((last ^ (last >> 30)) &* 1_566_083_941)) &- UInt32(index)
      advance()
    }
    state[0] = 0x8000_0000
  }

  /// The next 32 bits.
  mutating func next() -> UInt32 {
    if position == Self.size { renew() }
    var bits = state[position]
    position += 1
    bits ^= bits >> 11
    bits ^= (bits << 7) & 0x9D2C_5680
    bits ^= (bits << 15) & 0xEFC6_0000
    return bits ^ (bits >> 18)
  }

  /// A number in `0 ..< bound`, as `random.randrange(bound)` draws it; the bound is 1 to 2³¹.
  mutating func integer(below bound: Int) -> Int {
    let shift = UInt32(bound).leadingZeroBitCount
    while true {
      let number = Int(next() >> UInt32(shift))
      if number < bound { return number }
    }
  }

  private mutating func renew() {
    for index in 0..<Self.size {
      let bits =
        (state[index] & 0x8000_0000) | (state[(index + 1) % Self.size] & 0x7FFF_FFFF)
      state[index] =
        state[(index + Self.middle) % Self.size] ^ (bits >> 1) ^ (bits & 1 == 0 ? 0 : 0x9908_B0DF)
    }
    position = 0
  }
}
