import NetworkGraph
import PythonSyntax

extension Library {
  /// Pooling modules and functions, in one to three dimensions.
  static let pooling: Family = { library in
    for dimensions in 1...3 {
      library.windowPooling(dimensions)
      library.adaptivePooling(dimensions)
      library.powerPooling(dimensions)
      for name in ["FractionalMaxPool", "MaxUnpool"] {
        let why =
          name == "MaxUnpool"
          ? "writing to places that are only known when the network runs is not supported"
          : "its windows are drawn at random on each run"
        library.module(
          "\(name)\(dimensions)d", "(*args, **kwargs)",
          { (call, _) throws(Interruption) in
            throw call.interpreter.unsupported("nn.\(name)\(dimensions)d is not supported: \(why)")
          }, methods: [:])
        let function = name == "MaxUnpool" ? "max_unpool" : "fractional_max_pool"
        library.function(
          "torch.nn.functional.\(function)\(dimensions)d", signature: "(input, *args, **kwargs)"
        ) { (call) throws(Interruption) in
          throw call.interpreter.unsupported("F.\(function)\(dimensions)d is not supported: \(why)")
        }
      }
    }
  }

  private mutating func windowPooling(_ dimensions: Int) {
    let suffix = "\(dimensions)d"
    let maximum: @Sendable (NativeCall, Bool) throws(Interruption) -> PythonValue = {
      (call, wantsIndices) throws(Interruption) in
      let kernel = try call.extents("kernel_size", dimensions)
      let window = PoolingWindow(
        kernel: kernel, stride: try call.optionalExtents("stride", dimensions) ?? kernel,
        padding: try call.extents("padding", dimensions), dilation: try call.extents("dilation", dimensions),
        roundsUp: try call.bool("ceil_mode"))
      let (values, indices) = try call.interpreter.pool(
        try call.tensor("input"), .maximum, window, module: call.module, wantsIndices: wantsIndices)
      guard let indices else { return .tensor(values) }
      return try call.interpreter.tuple([.tensor(values), .tensor(indices)])
    }
    layer(
      (
        "MaxPool\(suffix)",
        "kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False"
      ), functions: ["torch.nn.functional.max_pool\(suffix)"],
      "kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False",
      initialize: { (call, module) throws(Interruption) in
        if call.interpreter.isNone(call["stride"]) { module.set("stride", call["kernel_size"]) }
        for name in ["kernel_size", "padding", "dilation"] { _ = try call.extents(name, dimensions) }
        _ = try call.optionalExtents("stride", dimensions)
      }
    ) { (call, _) throws(Interruption) in try maximum(call, try call.bool("return_indices")) }
    let plain = "kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False"
    layer(nil, functions: ["torch.max_pool\(suffix)"], plain) { (call, _) throws(Interruption) in
      try maximum(call, false)
    }
    layer(
      nil,
      functions: [
        "torch.nn.functional.max_pool\(suffix)_with_indices", "torch.max_pool\(suffix)_with_indices",
      ], plain + ", return_indices=False"
    ) { (call, _) throws(Interruption) in try maximum(call, true) }

    let divisor = dimensions == 1 ? "" : ", divisor_override=None"
    let average = "kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True\(divisor)"
    layer(
      ("AvgPool\(suffix)", average),
      functions: ["torch.nn.functional.avg_pool\(suffix)"] + (dimensions == 1 ? ["torch.avg_pool1d"] : []),
      average,
      initialize: { (call, module) throws(Interruption) in
        if call.interpreter.isNone(call["stride"]) { module.set("stride", call["kernel_size"]) }
        for name in ["kernel_size", "padding"] { _ = try call.extents(name, dimensions) }
        _ = try call.optionalExtents("stride", dimensions)
      }
    ) { (call, input) throws(Interruption) in
      let kernel = try call.extents("kernel_size", dimensions)
      let window = PoolingWindow(
        kernel: kernel, stride: try call.optionalExtents("stride", dimensions) ?? kernel,
        padding: try call.extents("padding", dimensions),
        dilation: [Int](repeating: 1, count: dimensions), roundsUp: try call.bool("ceil_mode"))
      let divisor = dimensions == 1 ? nil : try call.optionalInt("divisor_override")
      let kind = PoolingKind.average(countsPadding: try call.bool("count_include_pad"), divisor: divisor)
      return .tensor(try call.interpreter.pool(input, kind, window, module: call.module).values)
    }
  }

  private mutating func adaptivePooling(_ dimensions: Int) {
    let suffix = "\(dimensions)d"
    var averages = ["torch.nn.functional.adaptive_avg_pool\(suffix)"]
    if dimensions == 1 { averages.append("torch.adaptive_avg_pool1d") }
    layer(("AdaptiveAvgPool\(suffix)", "output_size"), functions: averages, "output_size") {
      (call, input) throws(Interruption) in
      .tensor(
        try call.interpreter.adaptivePool(input, call["output_size"], dimensions, isMaximum: false).values)
    }
    for (name, isGiven) in [("", false), ("_with_indices", true)] {
      layer(
        isGiven ? nil : ("AdaptiveMaxPool\(suffix)", "output_size, return_indices=False"),
        functions: ["torch.nn.functional.adaptive_max_pool\(suffix)\(name)"],
        "output_size, return_indices=False"
      ) { (call, input) throws(Interruption) in
        let flag = try call.bool("return_indices")
        let wantsIndices = isGiven || flag
        let (values, indices) = try call.interpreter.adaptivePool(
          input, call["output_size"], dimensions, isMaximum: true, wantsIndices: wantsIndices)
        guard let indices else { return .tensor(values) }
        return try call.interpreter.tuple([.tensor(values), .tensor(indices)])
      }
    }
    if dimensions == 1 {
      // This one always gives the indices too.
      layer(nil, functions: ["torch.adaptive_max_pool1d"], "output_size") {
        (call, input) throws(Interruption) in
        let (values, indices) = try call.interpreter.adaptivePool(
          input, call["output_size"], 1, isMaximum: true, wantsIndices: true)
        return try call.interpreter.tuple([values, indices].compactMap(\.self).map { .tensor($0) })
      }
    }
  }

  /// `(Σ xᵖ)^(1/p)` over windows, made of an average as PyTorch makes it.
  private mutating func powerPooling(_ dimensions: Int) {
    let parameters = "norm_type, kernel_size, stride=None, ceil_mode=False"
    layer(
      ("LPPool\(dimensions)d", parameters), functions: ["torch.nn.functional.lp_pool\(dimensions)d"],
      parameters
    ) { (call, input) throws(Interruption) in
      let interpreter = call.interpreter
      let kernel = try call.extents("kernel_size", dimensions)
      let order = try call.double("norm_type")
      guard order != 0, order.isFinite else {
        throw interpreter.unsupported("LPPool with norm_type=\(order) is not supported")
      }
      let window = PoolingWindow(
        kernel: kernel, stride: try call.optionalExtents("stride", dimensions) ?? kernel,
        padding: [Int](repeating: 0, count: dimensions), dilation: [Int](repeating: 1, count: dimensions),
        roundsUp: try call.bool("ceil_mode"))
      guard case .tensor(let powers) = try interpreter.tensorBinary(.power, .tensor(input), .float(order))
      else {
        return .none
      }
      let mean = try interpreter.pool(
        powers, .average(countsPadding: true, divisor: nil), window, module: call.module
      ).values
      let count = kernel.reduce(1.0) { $0 * Double($1) }
      let factor = try interpreter.scalar(count)
      guard order > 0 else {
        return try interpreter.tensorBinary(
          .power, .tensor(interpreter.elementwise(.multiply, mean, factor)), .float(1 / order))
      }
      // PyTorch multiplies by the sign, which gives 0 the gradient 0 in place of the root's infinite one.
      let (zero, one) = (try interpreter.scalar(0), try interpreter.scalar(1))
      let isZero = try interpreter.elementwise(.equal, mean, zero)
      let safe = try interpreter.elementwise(.multiply, try interpreter.choose(isZero, one, mean), factor)
      guard
        case .tensor(let root) = try interpreter.tensorBinary(.power, .tensor(safe), .float(1 / order))
      else { return .none }
      return .tensor(try interpreter.choose(isZero, zero, root))
    }
  }
}

/// A window that slides over the last dimensions, one number for each.
struct PoolingWindow {
  var kernel: [Int]
  var stride: [Int]
  var padding: [Int]
  var dilation: [Int]
  /// Whether a last window that is only partly inside counts.
  var roundsUp: Bool
}

/// What a window makes of its elements.
enum PoolingKind {
  case maximum
  case average(countsPadding: Bool, divisor: Int?)
}
