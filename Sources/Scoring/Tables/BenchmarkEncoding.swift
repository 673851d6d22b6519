internal import Foundation

/// How the values of a column are stored, lowest byte first.
enum BenchmarkEncoding: Codable, Hashable {
  /// Two bytes: `offset + number · step`, and 65,535 for a missing value.
  case steps(step: Double, offset: Double)
  /// Four bytes: a float32, NaN for a missing value.
  case float

  private static let missing: UInt16 = .max

  /// How many bytes a value takes.
  var width: Int {
    switch self {
    case .steps: 2
    case .float: 4
    }
  }

  /// The encoding in fewest bytes that gives all values back to half a millionth, or else as float32.
  init(for values: [Double]) {
    let known = values.filter { !$0.isNaN }
    guard let least = known.min(), let greatest = known.max() else {
      self = .steps(step: 1, offset: 0)
      return
    }
    for step in Self.steps where (greatest - least) / step < Double(Self.missing) - 1 {
      // Counted from 0, so that whole shares stay whole.
      let offset = (least / step).rounded(.down) * step
      let fits = known.allSatisfy { value in
        let number = ((value - offset) / step).rounded()
        return abs(offset + number * step - value) <= 6e-7
      }
      if fits {
        self = .steps(step: step, offset: offset)
        return
      }
    }
    self = .float
  }

  /// One image in 3,000 to 25,000, in the mean over one, two, three, or two or three trainings; and a microsecond.
  private static let steps: [Double] = {
    let images = [3_000.0, 5_000, 10_000, 25_000]
    return images.flatMap { images in [1.0, 2, 3, 6].map { 100 / (images * $0) } } + [1e-6]
  }()

  /// A value's bytes.
  func append(_ value: Double, to bytes: inout [UInt8]) {
    switch self {
    case .steps(let step, let offset):
      let number = value.isNaN ? Self.missing : UInt16(((value - offset) / step).rounded())
      bytes += [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
    case .float:
      let bits = Float(value).bitPattern
      for shift in stride(from: UInt32(0), to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
      }
    }
  }

  /// The value of a row of a column that begins there.
  func value(in bytes: Data, at start: Int, _ row: Int) -> Double {
    let place = bytes.startIndex + start + row * width
    switch self {
    case .steps(let step, let offset):
      let number = UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8
      return number == Self.missing ? .nan : offset + Double(number) * step
    case .float:
      let low = UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8
      let high = UInt32(bytes[place + 2]) << 16 | UInt32(bytes[place + 3]) << 24
      return Double(Float(bitPattern: low | high))
    }
  }
}
