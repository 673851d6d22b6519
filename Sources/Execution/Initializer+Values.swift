import NetworkGraph
import RandomStreams

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension Initializer {
  /// Fills a variable with its first values, one after the other from its stream, `seeds.stream(name)`.
  ///
  /// - Throws: `ExecutionError.variable` or `.valueCount` where the initializer makes no sense for the variable.
  func fill(
    _ values: UnsafeMutableBufferPointer<Float>, seeds: RandomStream, name: String
  ) throws(ExecutionError) {
    var stream = seeds.stream(name)
    try fill(values, from: &stream, seeds: seeds, name: name)
  }

  private func fill(
    _ values: UnsafeMutableBufferPointer<Float>, from stream: inout RandomStream, seeds: RandomStream,
    name: String
  ) throws(ExecutionError) {
    switch self {
    case .constant(let value):
      values.update(repeating: Float(value))
    case .uniform(let lower, let upper):
      for index in values.indices { values[index] = Float(stream.uniform(lower, upper)) }
    case .normal(let mean, let deviation):
      for index in values.indices { values[index] = Float(mean + deviation * stream.normal()) }
    case .truncatedNormal(let mean, let deviation, let lower, let upper):
      guard lower <= upper, deviation > 0, mean.isFinite, deviation.isFinite else {
        throw .variable(
          name: name,
          reason: "cannot begin with a normal distribution (\(mean), \(deviation)) cut to \(lower) … \(upper)"
        )
      }
      let distribution = TruncatedNormal(
        mean: mean, standardDeviation: deviation, lower: lower, upper: upper)
      for index in values.indices { values[index] = Float(distribution.value(at: stream.uniform())) }
    case .values(let given):
      try expect(given.count, values, name)
      _ = values.update(fromContentsOf: given)
    case .orthogonal(let rows, let columns, let gain):
      try expect(rows.multipliedSaturating(by: columns), values, name)
      OrthogonalMatrix.fill(values, rows: rows, columns: columns, gain: gain, from: &stream)
    case .sparse(let rows, let columns, let zerosPerColumn, let deviation):
      try expect(rows.multipliedSaturating(by: columns), values, name)
      for index in values.indices { values[index] = Float(deviation * stream.normal()) }
      for column in 0..<columns {
        for row in stream.permutation(rows).prefix(zerosPerColumn) {
          values[row * columns + column] = 0
        }
      }
    case .scaled(let source, let factor, let offset):
      try source.fill(values, from: &stream, seeds: seeds, name: name)
      for index in values.indices { values[index] = Float(Double(values[index]) * factor + offset) }
    case .overlaid(let source, let other, let region):
      try source.fill(values, from: &stream, seeds: seeds, name: name)
      try expect(region.shape.reduce(1) { $0.multipliedSaturating(by: $1) }, values, name)
      let part = UnsafeMutableBufferPointer<Float>.allocate(capacity: region.count)
      defer { part.deallocate() }
      part.initialize(repeating: 0)
      try other.fill(part, from: &stream, seeds: seeds, name: name)
      for (place, value) in zip(region.offsets, part) where values.indices.contains(place) {
        values[place] = value
      }
    case .drawn(let source, let streamName):
      var own = seeds.stream(streamName)
      try source.fill(values, from: &own, seeds: seeds, name: name)
    case .norms(let source, let shape, let axis):
      let count = shape.reduce(1) { $0.multipliedSaturating(by: $1) }
      let kept = axis.map { shape.indices.contains($0) ? shape[$0] : 0 } ?? 1
      try expect(kept, values, name)
      let whole = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
      defer { whole.deallocate() }
      whole.initialize(repeating: 0)
      try source.fill(whole, from: &stream, seeds: seeds, name: name)
      let inner = axis.map { shape[($0 + 1)...].reduce(1, *) } ?? count
      var sums = [Double](repeating: 0, count: kept)
      for index in whole.indices { sums[index / inner % kept] += Double(whole[index]) * Double(whole[index]) }
      for (index, sum) in sums.enumerated() { values[index] = Float(sum.squareRoot()) }
    }
  }

  private func expect(
    _ count: Int, _ values: UnsafeMutableBufferPointer<Float>, _ name: String
  ) throws(ExecutionError) {
    guard count == values.count else {
      throw .valueCount(name: name, expected: values.count, found: count)
    }
  }
}

/// Random matrices with orthonormal rows or columns, whichever are fewer, as PyTorch's `orthogonal_` makes them.
enum OrthogonalMatrix {
  /// Fills a row-major matrix.
  ///
  /// Gram-Schmidt, done twice for accuracy, of normal vectors gives the Q of a QR decomposition with a positive
  /// diagonal of R, which is uniformly distributed (Mezzadri, arXiv:math-ph/0609050).
  static func fill(
    _ values: UnsafeMutableBufferPointer<Float>, rows: Int, columns: Int, gain: Double,
    from stream: inout RandomStream
  ) {
    let (count, length) = (min(rows, columns), max(rows, columns))
    var vectors: [[Double]] = []
    for _ in 0..<count {
      var vector = (0..<length).map { _ in stream.normal() }
      for _ in 0..<2 {
        for other in vectors {
          var product = 0.0
          for index in 0..<length { product += vector[index] * other[index] }
          for index in 0..<length { vector[index] -= product * other[index] }
        }
        let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for index in 0..<length { vector[index] /= norm }
      }
      vectors.append(vector)
    }
    for (number, vector) in vectors.enumerated() {
      for index in 0..<length {
        let place = rows <= columns ? number * columns + index : index * columns + number
        values[place] = Float(gain * vector[index])
      }
    }
  }
}

/// A normal distribution cut to an interval, drawn from by its inverse as in PyTorch's `trunc_normal_`: one
/// uniform number per value, however little of the distribution is left.
struct TruncatedNormal {
  private let mean: Double
  private let standardDeviation: Double
  private let lower: Double
  private let upper: Double
  /// The shares of the whole distribution below the bounds.
  private let shares: (lower: Double, upper: Double)

  init(mean: Double, standardDeviation: Double, lower: Double, upper: Double) {
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.lower = lower
    self.upper = upper
    shares = (
      Self.distribution((lower - mean) / standardDeviation),
      Self.distribution((upper - mean) / standardDeviation)
    )
  }

  /// The value below which the share `share` (0 … 1) of the cut distribution lies.
  func value(at share: Double) -> Double {
    let normal = Self.quantile(shares.lower + (shares.upper - shares.lower) * share)
    return min(max(mean + standardDeviation * normal, lower), upper)
  }

  /// The standard normal distribution function.
  static func distribution(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

  /// The inverse of the standard normal distribution function.
  ///
  /// Peter Acklam's rational approximation (2003), with a relative error of 1.2e-9.
  static func quantile(_ probability: Double) -> Double {
    guard probability > 0 else { return -.infinity }
    guard probability < 1 else { return .infinity }
    if probability < 0.02425 { return tail((-2 * log(probability)).squareRoot()) }
    if probability > 1 - 0.02425 { return -tail((-2 * log(1 - probability)).squareRoot()) }
    let q = probability - 0.5
    let numerator = polynomial(
      q * q,
      [
        -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02,
        -3.066479806614716e+01, 2.506628277459239e+00,
      ])
    let denominator = polynomial(
      q * q,
      [
        -5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
        -1.328068155288572e+01, 1,
      ])
    return q * numerator / denominator
  }

  private static func tail(_ q: Double) -> Double {
    let numerator = polynomial(
      q,
      [
        -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00, -2.549732539343734e+00,
        4.374664141464968e+00, 2.938163982698783e+00,
      ])
    let denominator = polynomial(
      q, [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1])
    return numerator / denominator
  }

  private static func polynomial(_ x: Double, _ coefficients: [Double]) -> Double {
    coefficients.reduce(0) { $0 * x + $1 }
  }
}
