import NetworkGraph

extension Library {
  /// `F.interpolate` and the upsampling modules.
  static let interpolation: Family = { library in
    let parameters =
      "size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None"
    let functional = parameters + ", antialias=False"
    library.layer(
      ("Upsample", parameters), functions: ["torch.nn.functional.interpolate"], functional
    ) { (call, input) throws(Interruption) in .tensor(try call.interpreter.interpolate(call, input)) }
    library.layer(
      nil, functions: ["torch.nn.functional.upsample"],
      "size=None, scale_factor=None, mode='nearest', align_corners=None"
    ) { (call, input) throws(Interruption) in .tensor(try call.interpreter.interpolate(call, input)) }
    for (module, function, mode) in [
      ("UpsamplingNearest2d", "upsample_nearest", "nearest"),
      ("UpsamplingBilinear2d", "upsample_bilinear", "bilinear"),
    ] {
      let corners = mode == "nearest" ? "None" : "True"
      library.layer(
        nil, functions: ["torch.nn.functional.\(function)"],
        "size=None, scale_factor=None, mode='\(mode)', align_corners=\(corners)"
      ) { (call, input) throws(Interruption) in .tensor(try call.interpreter.interpolate(call, input)) }
      library.module(
        module, "(size=None, scale_factor=None)", base: "torch.nn.Upsample",
        { (_, module) throws(Interruption) in
          module.set("mode", .string(mode))
          module.set("align_corners", mode == "nearest" ? .none : .bool(true))
        }, methods: [:])
    }
  }
}

/// Elements of an axis mixed with weights: one list of places and weights for each term.
private struct Blend {
  var terms: [(places: [Int], weights: [Double])]
}

extension Interpreter {
  fileprivate func interpolate(_ call: NativeCall, _ input: TracedTensor) throws(Interruption) -> TracedTensor
  {
    let mode = try call.string("mode")
    let interpolating = ["linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5]
    let alignment = call["align_corners"]
    let alignsCorners = try isTrue(alignment)
    guard isNone(alignment) || interpolating[mode] != nil else {
      throw raise(
        .valueError,
        "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear",
        identifier: "torch.argument")
    }
    let modes = ["nearest", "nearest-exact", "area"]
    guard (3...5).contains(input.rank), modes.contains(mode) || interpolating[mode] == input.rank else {
      throw raise(
        .notImplementedError,
        "Input Error: Only 3D, 4D and 5D input Tensors supported (got \(input.rank)D) for the modes: nearest | "
          + "linear | bilinear | bicubic | trilinear | area | nearest-exact (got \(mode))",
        hint: interpolating[mode].map { "\(mode) mode needs \($0)D input" }, identifier: "torch.shape")
    }
    if try call.flag("antialias") {
      throw unsupported("interpolation with antialias=True is not supported")
    }
    let spatial = Array(input.shape.dropFirst(2))
    let recomputes = try call.flag("recompute_scale_factor")
    let (sizes, factors) = try target(call, spatial, recomputes: recomputes)
    try checkShape(Array(input.shape.prefix(2)) + sizes)
    if mode == "area" {
      let size = try integers(sizes)
      return try adaptivePool(input, size, sizes.count, isMaximum: false).values
    }
    var result = input
    for (axis, (extent, size)) in zip(spatial, sizes).enumerated() {
      let scale = factors.map { Float(1 / $0[axis]) } ?? Float(extent) / Float(size)
      if extent == size, scale == 1 || mode == "nearest" { continue }
      try reserve(4 * size)
      if mode.hasPrefix("nearest") {
        result = try take(
          result, axis + 2, Self.nearest(extent, size, scale, isExact: mode == "nearest-exact"))
        continue
      }
      var step = scale
      if alignsCorners { step = size > 1 ? Float(extent - 1) / Float(size - 1) : 0 }
      let blend =
        mode == "bicubic"
        ? Self.cubic(extent, size, step, alignsCorners) : Self.linear(extent, size, step, alignsCorners)
      result = try blended(result, axis + 2, blend)
    }
    return result
  }

  /// The extents to reach, and the factors by which places are found where these are what was given.
  private func target(
    _ call: NativeCall, _ spatial: [Int], recomputes: Bool
  ) throws(Interruption) -> (sizes: [Int], factors: [Double]?) {
    switch (isNone(call["size"]), isNone(call["scale_factor"])) {
    case (true, true):
      throw raise(
        .valueError, "either size or scale_factor should be defined", identifier: "torch.argument")
    case (false, false):
      throw raise(
        .valueError, "only one of size or scale_factor should be defined", identifier: "torch.argument")
    case (false, true):
      guard !recomputes else {
        throw raise(
          .valueError, "recompute_scale_factor is not meaningful with an explicit size.",
          identifier: "torch.argument")
      }
      let numbers = try call.ints("size")
      var isSequence = true
      if case .int = call["size"] { isSequence = false }
      let sizes = isSequence ? numbers : [Int](repeating: numbers.first ?? 0, count: spatial.count)
      guard sizes.count == spatial.count else {
        throw raise(
          .valueError,
          "Input and output must have the same number of spatial dimensions, but got input with spatial dimensions "
            + "of \(spatial) and output size of \(sizes)", identifier: "torch.shape")
      }
      guard sizes.allSatisfy({ $0 > 0 }) else {
        throw raise(
          .runtimeError, "Input and output sizes should be greater than 0, but got \(sizes)",
          identifier: "torch.shape")
      }
      return (sizes, nil)
    case (true, false):
      var factors: [Double] = []
      switch call["scale_factor"] {
      case .tuple, .list:
        for value in try elements(of: call["scale_factor"]) {
          guard let number = double(value) else {
            throw raise(.typeError, "scale_factor must be numbers, not \(typeName(value))")
          }
          factors.append(number)
        }
      default:
        factors = [Double](repeating: try call.double("scale_factor"), count: spatial.count)
      }
      guard factors.count == spatial.count else {
        throw raise(
          .valueError,
          "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
            + "dimensions of \(spatial) and scale_factor of shape \(factors)", identifier: "torch.shape")
      }
      var sizes: [Int] = []
      for (extent, factor) in zip(spatial, factors) {
        let size = (Double(extent) * factor).rounded(.down)
        guard size >= 1, size < 0x1p30 else {
          throw raise(
            .runtimeError,
            "Input and output sizes should be greater than 0, but got input \(spatial) and scale_factor \(factors)",
            identifier: "torch.shape")
        }
        sizes.append(Int(size))
      }
      return (sizes, recomputes ? nil : factors)
    }
  }

  // MARK: Places and weights, in single precision as PyTorch computes them

  private static func nearest(_ extent: Int, _ size: Int, _ scale: Float, isExact: Bool) -> [Int] {
    if !isExact, size == 2 * extent { return (0..<size).map { $0 / 2 } }
    return (0..<size).map { index in
      let place = isExact ? (Float(index) + 0.5) * scale : Float(index) * scale
      return min(Int(place.rounded(.down)), extent - 1)
    }
  }

  private static func source(_ index: Int, _ step: Float, _ alignsCorners: Bool) -> Float {
    alignsCorners ? Float(index) * step : (Float(index) + 0.5) * step - 0.5
  }

  private static func linear(_ extent: Int, _ size: Int, _ step: Float, _ alignsCorners: Bool) -> Blend {
    var blend = Blend(terms: [([], []), ([], [])])
    for index in 0..<size {
      let place = max(0, source(index, step, alignsCorners))
      let low = min(Int(place), extent - 1)
      let share = min(max(place - Float(low), 0), 1)
      blend.terms[0].places.append(low)
      blend.terms[0].weights.append(Double(1 - share))
      blend.terms[1].places.append(min(low + 1, extent - 1))
      blend.terms[1].weights.append(Double(share))
    }
    return blend
  }

  /// Keys' cubic convolution with a = −0.75.
  private static func cubic(_ extent: Int, _ size: Int, _ step: Float, _ alignsCorners: Bool) -> Blend {
    let a: Float = -0.75
    func near(_ x: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }
    func far(_ x: Float) -> Float { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    var blend = Blend(terms: [([], []), ([], []), ([], []), ([], [])])
    for index in 0..<size {
      let place = source(index, step, alignsCorners)
      let low = place.rounded(.down)
      let share = place - low
      let weights = [far(share + 1), near(share), near(1 - share), far(2 - share)]
      for (term, weight) in weights.enumerated() {
        blend.terms[term].places.append(min(max(Int(low) - 1 + term, 0), extent - 1))
        blend.terms[term].weights.append(Double(weight))
      }
    }
    return blend
  }

  private func blended(
    _ input: TracedTensor, _ axis: Int, _ blend: Blend
  ) throws(Interruption) -> TracedTensor {
    var sum: TracedTensor?
    for (places, weights) in blend.terms where weights.contains(where: { $0 != 0 }) {
      var shape = [Int](repeating: 1, count: input.rank - axis)
      shape[0] = weights.count
      let factors = try tensor(.values(weights), shape)
      let part = try elementwise(.multiply, try take(input, axis, places), factors)
      sum = try sum.map { (sum) throws(Interruption) in try elementwise(.add, sum, part) } ?? part
    }
    return sum ?? input
  }
}
