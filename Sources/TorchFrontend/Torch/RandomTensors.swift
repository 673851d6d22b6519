import NetworkGraph
import RandomStreams

/// Tensors whose elements are drawn.
extension Interpreter {
  /// Draws the elements of a cell now, since the source computes with them.
  func settle(_ root: TensorCell) throws(Interruption) {
    guard root.content.isRandom else { return }
    note(
      "torch.random",
      "random numbers that are computed with at construction are the same in every compilation")
    let known = try settled(root.content, root.count)
    let rounded = try assembled(known, root.shape, root.dataType)
    root.replace(rounded)
  }

  /// A content with all that is random drawn now.
  func settled(_ content: TensorContent, _ count: Int) throws(Interruption) -> TensorContent {
    switch content {
    case .graph, .fill, .values: return content
    case .random(let initializer):
      try reserve(count >> 2 + 1)
      guard let values = initializer.sample(count, from: &tracer.random) else {
        throw unsupported("computing with a tensor that begins as \(initializer) is not supported")
      }
      return .values(values)
    case .joined(let axis, let parts):
      let extent = parts.reduce(0) { $0 + $1.count }
      var result: [TensorPart] = []
      for part in parts {
        var part = part
        part.content = try settled(part.content, count / max(1, extent) * part.extent)
        result.append(part)
      }
      return .joined(axis: axis, parts: result)
    }
  }

  /// Random numbers: drawn when training begins where a constructor makes them, anew in each run within a network.
  func random(
    _ distribution: Initializer, _ shape: [Int], _ dataType: DataType = .float32
  ) throws(Interruption) -> TracedTensor {
    try checkShape(shape)
    guard tracer.isTracing, !shape.contains(0) else {
      return try tensor(.random(distribution), shape, dataType)
    }
    let drawn: TracedTensor
    switch distribution {
    case .uniform(let lower, let upper):
      drawn = try random(.uniform, shape, factor: upper - lower, offset: lower)
    case .normal(let mean, let deviation):
      drawn = try random(.normal, shape, factor: deviation, offset: mean)
    default: throw unsupported("random numbers of this distribution within a network are not supported")
    }
    return try cast(drawn, dataType)
  }

  private func random(
    _ distribution: RandomTensor.Distribution, _ shape: [Int], factor: Double, offset: Double
  ) throws(Interruption) -> TracedTensor {
    var result = try tensor(.graph(try node(.random(RandomTensor(distribution, shape: shape)), [])), shape)
    if factor != 1 { result = try elementwise(.multiply, result, try scalar(factor)) }
    if offset != 0 { result = try elementwise(.add, result, try scalar(offset)) }
    return result
  }

  /// How a registered tensor begins.
  func initializer(of content: TensorContent, _ shape: [Int]) throws(Interruption) -> Initializer {
    switch content {
    case .fill(let value): return .constant(value)
    case .random(let distribution): return distribution
    case .values(let values): return .values(values.map { Float($0) })
    case .graph: throw unsupported("a value of the network is registered as a parameter or buffer")
    case .joined(let axis, let parts):
      // The largest part that is drawn independently of places is the ground, on which the others are laid.
      var ground = Initializer.constant(0)
      var covered = 0
      for part in parts where part.count > covered {
        switch part.content {
        case .fill, .random(.uniform), .random(.normal), .random(.truncatedNormal), .random(.constant):
          ground = try initializer(of: part.content, [])
          covered = part.count
        default: break
        }
      }
      var start = 0
      var result = ground
      for part in parts {
        var (whole, target) = (shape, shape)
        whole[axis] = part.extent
        target[axis] = part.count
        var content = part.content
        if part.count < part.extent {
          let slice = Slice(axis: axis, start: part.start, end: part.start + part.count)
          content = try derived(content, .slice(slice), whole, target, .float32) ?? content
        }
        let inner = try initializer(of: content, target)
        var starts = [Int](repeating: 0, count: shape.count)
        starts[axis] = start
        start += part.count
        let steps = [Int](repeating: 1, count: shape.count)
        guard inner != ground else { continue }
        guard let region = TensorRegion(shape: shape, starts: starts, counts: target, steps: steps) else {
          throw unsupported("a parameter of which a part is set in this way is not supported")
        }
        result = .overlaid(result, by: inner, region: region)
      }
      return result
    }
  }
}

extension Initializer {
  /// Elements as they could begin, rounded to float32; nil for schemes that the engine alone knows how to draw.
  func sample(_ count: Int, from stream: inout RandomStream) -> [Double]? {
    switch self {
    case .constant(let value): return [Double](repeating: value, count: count)
    case .uniform(let lower, let upper):
      return (0..<count).map { _ in Double(Float(stream.uniform(lower, upper))) }
    case .normal(let mean, let deviation):
      return (0..<count).map { _ in Double(Float(mean + deviation * stream.normal())) }
    case .truncatedNormal(let mean, let deviation, let lower, let upper):
      return (0..<count).map { _ in
        for _ in 0..<64 {
          let value = mean + deviation * stream.normal()
          if value >= lower, value <= upper { return Double(Float(value)) }
        }
        return Double(Float(stream.uniform(lower, upper)))
      }
    case .values(let values): return values.count == count ? values.map(Double.init) : nil
    case .scaled(let source, let factor, let offset):
      return source.sample(count, from: &stream)?.map { Double(Float($0 * factor + offset)) }
    case .overlaid(let source, let other, let region):
      guard var values = source.sample(count, from: &stream), region.shape.reduce(1, *) == count,
        let laid = other.sample(region.count, from: &stream)
      else { return nil }
      for (place, value) in zip(region.offsets, laid) { values[place] = value }
      return values
    case .drawn(let source, let name):
      var named = stream.stream(name)
      return source.sample(count, from: &named)
    case .orthogonal, .sparse, .norms: return nil
    }
  }
}
