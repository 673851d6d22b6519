/// How a variable gets its first values; PyTorch's schemes reduce to these once shapes are known.
///
/// Values are row-major. What is random is drawn from a stream named after the variable.
public enum Initializer: Sendable, Hashable, Codable {
  case constant(Double)
  case uniform(lower: Double, upper: Double)
  case normal(mean: Double, standardDeviation: Double)
  /// Redrawn outside `lower … upper`.
  case truncatedNormal(mean: Double, standardDeviation: Double, lower: Double, upper: Double)
  /// Given values.
  case values([Float])
  /// A random matrix with orthonormal rows or columns, whichever are fewer, times the gain (Saxe et al.,
  /// arXiv:1312.6120).
  case orthogonal(rows: Int, columns: Int, gain: Double)
  /// A matrix of normal values with mean 0 and so many zeros in each column at random places (Martens, 2010).
  case sparse(rows: Int, columns: Int, zerosPerColumn: Int, standardDeviation: Double)
  /// Those values times a factor, plus an offset.
  indirect case scaled(Initializer, by: Double, plus: Double)
  /// The values of the first, and those of the second, which are as many as the region has places, in the region.
  indirect case overlaid(Initializer, by: Initializer, region: TensorRegion)
  /// Drawn from the stream of that name in place of the variable's: the same values wherever it occurs.
  indirect case drawn(Initializer, stream: String)
  /// The Euclidean norms of the slices along an axis of a tensor of that shape, or of the whole for nil.
  indirect case norms(of: Initializer, shape: [Int], axis: Int?)

  /// What begins as these values times a factor, plus an offset.
  public func scaled(by factor: Double, plus offset: Double) -> Initializer {
    switch self {
    case .constant(let value): return .constant(value * factor + offset)
    case .uniform(let lower, let upper):
      let ends = (lower * factor + offset, upper * factor + offset)
      return .uniform(lower: min(ends.0, ends.1), upper: max(ends.0, ends.1))
    case .normal(let mean, let deviation):
      return .normal(mean: mean * factor + offset, standardDeviation: deviation * abs(factor))
    case .truncatedNormal(let mean, let deviation, let lower, let upper):
      let ends = (lower * factor + offset, upper * factor + offset)
      return .truncatedNormal(
        mean: mean * factor + offset, standardDeviation: deviation * abs(factor), lower: min(ends.0, ends.1),
        upper: max(ends.0, ends.1))
    case .values(let values): return .values(values.map { Float(Double($0) * factor + offset) })
    case .scaled(let source, let first, let plus):
      return .scaled(source, by: first * factor, plus: plus * factor + offset)
    case .overlaid(let source, let other, let region):
      return .overlaid(
        source.scaled(by: factor, plus: offset), by: other.scaled(by: factor, plus: offset), region: region)
    case .orthogonal, .sparse, .drawn, .norms: return .scaled(self, by: factor, plus: offset)
    }
  }
}

extension Initializer: CustomStringConvertible {
  /// The scheme and its numbers, such as `uniform(-0.1, 0.1)`; given values are summed up by a hash.
  public var description: String {
    switch self {
    case .constant(let number): "constant(\(number))"
    case .uniform(let lower, let upper): "uniform(\(lower), \(upper))"
    case .normal(let mean, let deviation): "normal(\(mean), \(deviation))"
    case .truncatedNormal(let mean, let deviation, let lower, let upper):
      "truncatedNormal(\(mean), \(deviation), \(lower), \(upper))"
    case .values(let values): "values(#\(contentHash(of: values)))"
    case .orthogonal(let rows, let columns, let gain): "orthogonal(\(rows)x\(columns), \(gain))"
    case .sparse(let rows, let columns, let zeros, let deviation):
      "sparse(\(rows)x\(columns), \(zeros) zeros, \(deviation))"
    case .scaled(let source, let factor, let offset): "\(source) * \(factor) + \(offset)"
    case .overlaid(let source, let other, let region): "overlaid(\(source), \(other) in \(region))"
    case .drawn(let source, let stream): "drawn(\(source), \(stream.debugDescription))"
    case .norms(let source, let shape, let axis):
      "norms(\(source), shape \(shape)\(axis.map { ", axis \($0)" } ?? ""))"
    }
  }
}

/// A rectangular part of a tensor: from a start, so many places with a step, along each axis.
public struct TensorRegion: Sendable, Hashable, Codable {
  /// The extents of the tensor.
  public var shape: [Int]
  /// The first place along each axis.
  public var starts: [Int]
  /// The number of places along each axis.
  public var counts: [Int]
  /// The distance of places along each axis.
  public var steps: [Int]

  /// A region; nil where it is not within a tensor of that shape.
  public init?(shape: [Int], starts: [Int], counts: [Int], steps: [Int]) {
    guard [starts.count, counts.count, steps.count].allSatisfy({ $0 == shape.count }) else { return nil }
    for axis in shape.indices {
      guard starts[axis] >= 0, counts[axis] > 0, steps[axis] > 0 else { return nil }
      let (way, isOver) = (counts[axis] - 1).multipliedReportingOverflow(by: steps[axis])
      guard !isOver, starts[axis] < shape[axis], way < shape[axis] - starts[axis] else { return nil }
    }
    (self.shape, self.starts, self.counts, self.steps) = (shape, starts, counts, steps)
  }

  /// The number of its places.
  public var count: Int { counts.reduce(1, *) }

  /// The places of its elements in the row-major tensor, in row-major order.
  public var offsets: [Int] {
    var result = [0]
    var stride = shape.reduce(1, *)
    for axis in shape.indices {
      stride /= shape[axis]
      var next: [Int] = []
      next.reserveCapacity(result.count * counts[axis])
      for base in result {
        for index in 0..<counts[axis] { next.append(base + (starts[axis] + index * steps[axis]) * stride) }
      }
      result = next
    }
    return result
  }
}

extension TensorRegion: CustomStringConvertible {
  /// The region as a subscript, such as `[0:8:1, 2:3:1]`.
  public var description: String {
    let parts = shape.indices.map { axis in
      "\(starts[axis]):\(starts[axis] + (counts[axis] - 1) * steps[axis] + 1):\(steps[axis])"
    }
    return "[" + parts.joined(separator: ", ") + "]"
  }
}
