import NetworkGraph
import RandomStreams

extension Library {
  /// Functions that draw tensors.
  static let randomTensors: Family = { library in
    for (name, distribution) in [
      ("randn", Initializer.normal(mean: 0, standardDeviation: 1)), ("rand", .uniform(lower: 0, upper: 1)),
    ] {
      library.function(
        "torch.\(name)",
        signature: "(*size, dtype=None, device=None, requires_grad=False, generator=None, **kwargs)"
      ) { (call) throws(Interruption) in
        let type = try call.dataType("dtype") ?? call.interpreter.tracer.defaultType
        return try call.leaf(try call.interpreter.random(distribution, try call.restInts("size"), type))
      }
      library.function("torch.\(name)_like", signature: "(input, \(creationOptions), memory_format=None)") {
        (call) throws(Interruption) in
        let input = try call.tensor("input")
        let type = try call.dataType("dtype") ?? input.dataType
        return try call.leaf(try call.interpreter.random(distribution, input.shape, type))
      }
    }
    library.function("torch.normal", signature: "(mean, std=1.0, size=None, **kwargs)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      func isTensor(_ value: PythonValue) -> Bool { if case .tensor = value { true } else { false } }
      if isTensor(call["mean"]) || isTensor(call["std"]) {
        let mean = try interpreter.tensorArgument(call["mean"])
        let deviation = try interpreter.tensorArgument(call["std"])
        let shape = try interpreter.broadcast([mean.shape, deviation.shape], "torch.normal")
        let drawn = try interpreter.random(.normal(mean: 0, standardDeviation: 1), shape)
        let scaled = try interpreter.elementwise(.multiply, drawn, try interpreter.detach(deviation))
        return .tensor(try interpreter.elementwise(.add, scaled, try interpreter.detach(mean)))
      }
      let distribution = Initializer.normal(
        mean: try call.double("mean"), standardDeviation: try call.double("std"))
      return .tensor(try interpreter.random(distribution, try call.ints("size")))
    }
    library.function(
      "torch.randint",
      signature: "(low, high=None, size=None, *, dtype=None, device=None, generator=None, **kwargs)"
    ) { (call) throws(Interruption) in
      // `randint(high, size)` leaves out the lower bound.
      let interpreter = call.interpreter
      let isShort = interpreter.isNone(call["size"])
      var sizes = isShort ? call["high"] : call["size"]
      var (low, high) = (try call.int("low"), 0)
      if isShort, interpreter.isNone(sizes) { sizes = try interpreter.tuple([]) }
      if isShort { (low, high) = (0, low) } else { high = try call.int("high") }
      return .tensor(
        try interpreter.randomIntegers(
          from: low, to: high, try call.ints(sizes, "size"), try call.dataType("dtype") ?? .int64))
    }
    library.function("torch.randint_like", signature: "(input, low, high=None, *, dtype=None, **kwargs)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      let low = try call.int("low")
      let high = try call.optionalInt("high")
      return .tensor(
        try call.interpreter.randomIntegers(
          from: high == nil ? 0 : low, to: high ?? low, input.shape,
          try call.dataType("dtype") ?? input.dataType))
    }
    library.function("torch.randperm", signature: "(n, \(creationOptions), generator=None)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let count = try call.int("n")
      guard count >= 0 else { throw interpreter.raise(.runtimeError, "n must be non-negative, got \(count)") }
      let type = try call.dataType("dtype") ?? .int64
      return .tensor(try interpreter.randomPermutation(count, type))
    }
    for name in ["bernoulli", "bernoulli_"] {
      library.function("Tensor.\(name)", "torch.\(name)", signature: "(input, p=None, *, generator=None)") {
        (call) throws(Interruption) in
        let interpreter = call.interpreter
        let input = try call.tensor("input")
        let probability =
          interpreter.isNone(call["p"]) && name == "bernoulli"
          ? input : try interpreter.tensorArgument(interpreter.isNone(call["p"]) ? .float(0.5) : call["p"])
        let draw = try interpreter.random(.uniform(lower: 0, upper: 1), input.shape)
        let type = input.dataType
        let result = try interpreter.cast(try interpreter.elementwise(.less, draw, probability), type)
        guard name == "bernoulli_" else { return .tensor(result) }
        return .tensor(try interpreter.write(result, into: input))
      }
    }
    for name in ["torch.multinomial", "torch.poisson"] {
      library.function(name, signature: "(*args, **kwargs)") { (call) throws(Interruption) in
        throw call.interpreter.unsupported("\(name) is not supported")
      }
    }
  }
}

/// Tensors whose elements are drawn.
extension Interpreter {
  /// A number or tensor as a tensor.
  func tensorArgument(_ value: PythonValue) throws(Interruption) -> TracedTensor {
    if case .tensor(let tensor) = value { return tensor }
    return try tensor(of: value, nil)
  }

  /// Whole numbers from `low` on that are below `high`.
  fileprivate func randomIntegers(
    from low: Int, to high: Int, _ shape: [Int], _ type: DataType
  ) throws(Interruption) -> TracedTensor {
    guard low < high else {
      throw raise(
        .runtimeError, "random_ expects 'from' to be less than 'to', but got from=\(low) >= to=\(high)")
    }
    let (count, isOver) = high.subtractingReportingOverflow(low)
    guard !isOver, count <= 1 << 24 else {
      throw unsupported(
        "random whole numbers from \(low) to \(high), more than 2**24 of them, are not supported")
    }
    try checkShape(shape)
    guard tracer.isTracing else {
      try reserve(shape.reduce(1, *) >> 2 + 1)
      noteDraws()
      let values = (0..<shape.reduce(1, *)).map { _ in
        Double(low + tracer.random.integer(below: count))
      }
      return try tensor(.values(try rounded(values, type)), shape, type)
    }
    let uniform = try random(.uniform(lower: 0, upper: 1), shape)
    let scaled = try elementwise(.multiply, uniform, try scalar(Double(count)))
    let whole = try cast(try apply(.unary(.floor), scaled), type)
    return try elementwise(.add, whole, try scalar(Double(low), type))
  }

  /// The numbers below a count in random order.
  fileprivate func randomPermutation(_ count: Int, _ type: DataType) throws(Interruption) -> TracedTensor {
    try checkShape([count])
    guard tracer.isTracing, count > 1 else {
      try reserve(count >> 2 + 1)
      noteDraws()
      let order = tracer.random.permutation(count)
      return try tensor(.values(order.map(Double.init)), [count], type)
    }
    // The order of random numbers is a random order.
    let keys = try random(.uniform(lower: 0, upper: 1), [count])
    let results = try emit(.sort(axis: 0, isDescending: false), [keys])
    guard results.count == 2 else { throw unsupported("sorting yields no indices") }
    return try cast(try tensor(.graph(results[1]), [count], .int64), type)
  }

  private func noteDraws() {
    note(
      "torch.random",
      "random numbers that are computed with at construction are the same in every compilation")
  }

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
