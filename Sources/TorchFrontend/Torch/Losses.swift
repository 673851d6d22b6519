import NetworkGraph

/// What a loss makes of its inputs, given the call of its functional form.
private typealias LossBody = @Sendable (NativeCall) throws(Interruption) -> TracedTensor

extension Library {
  /// The loss functions of `torch.nn` and their functional forms.
  static let losses: Family = { library in
    let legacy = "size_average=None, reduce=None, reduction='mean'"
    let pair = ["input", "target"]
    func add(
      _ name: String, _ function: String, _ inputs: [String], _ options: String,
      _ body: @escaping LossBody
    ) {
      library.loss(name, function, inputs, options, body)
    }
    add("MSELoss", "mse_loss", pair, legacy) { (call) throws(Interruption) in
      try call.interpreter.apply(.unary(.square), try call.lossDifference())
    }
    add("L1Loss", "l1_loss", pair, legacy) { (call) throws(Interruption) in
      try call.interpreter.apply(.unary(.absolute), try call.lossDifference())
    }
    add("SmoothL1Loss", "smooth_l1_loss", pair, legacy + ", beta=1.0") { (call) throws(Interruption) in
      let beta = try call.double("beta")
      guard beta >= 0 else {
        throw call.interpreter.raise(
          .runtimeError, "smooth_l1_loss does not support negative values for beta.")
      }
      let distance = try call.interpreter.apply(.unary(.absolute), try call.lossDifference())
      if beta == 0 { return distance }
      return try call.interpreter.huber(distance, bend: beta, quadratic: 0.5 / beta, slope: 1)
    }
    add("HuberLoss", "huber_loss", pair, "reduction='mean', delta=1.0") { (call) throws(Interruption) in
      let delta = try call.double("delta")
      guard delta > 0 else {
        throw call.interpreter.raise(
          .runtimeError, "huber_loss does not support non-positive values for delta.")
      }
      let distance = try call.interpreter.apply(.unary(.absolute), try call.lossDifference())
      return try call.interpreter.huber(distance, bend: delta, quadratic: 0.5, slope: delta)
    }
    add("BCELoss", "binary_cross_entropy", pair, "weight=None, " + legacy) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (input, target) = (try call.tensor("input"), try call.tensor("target"))
      guard input.shape == target.shape else {
        throw interpreter.raise(
          .valueError,
          "Using a target size (torch.Size(\(target.shape))) that is different to the input size "
            + "(torch.Size(\(input.shape))) is deprecated. Please ensure they have the same size.",
          identifier: "torch.shape")
      }
      let one = try interpreter.scalar(1)
      func logarithm(_ x: TracedTensor) throws(Interruption) -> TracedTensor {
        try interpreter.elementwise(
          .maximum, try interpreter.apply(.unary(.logarithm), x), try interpreter.scalar(-100))
      }
      let yes = try interpreter.elementwise(.multiply, target, try logarithm(input))
      let rest = try interpreter.elementwise(.subtract, one, target)
      let no = try interpreter.elementwise(
        .multiply, rest, try logarithm(try interpreter.elementwise(.subtract, one, input)))
      let loss = try interpreter.apply(.unary(.negate), try interpreter.elementwise(.add, yes, no))
      return try call.weighted(loss)
    }
    add(
      "BCEWithLogitsLoss", "binary_cross_entropy_with_logits", pair,
      "weight=None, " + legacy + ", pos_weight=None"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (input, target) = (try call.tensor("input"), try call.tensor("target"))
      guard input.shape == target.shape else {
        throw interpreter.raise(
          .valueError,
          "Target size (torch.Size(\(target.shape))) must be the same as input size (torch.Size(\(input.shape)))",
          identifier: "torch.shape")
      }
      let rest = try interpreter.elementwise(.subtract, try interpreter.scalar(1), target)
      var factor = try interpreter.apply(.unary(.logSigmoid), input)
      if let positive = try call.optionalTensor("pos_weight") {
        let more = try interpreter.elementwise(.subtract, positive, try interpreter.scalar(1))
        let weight = try interpreter.elementwise(
          .add, try interpreter.elementwise(.multiply, more, target), try interpreter.scalar(1))
        factor = try interpreter.elementwise(.multiply, weight, factor)
      }
      let loss = try interpreter.elementwise(
        .subtract, try interpreter.elementwise(.multiply, rest, input), factor)
      return try call.weighted(loss)
    }
    add("KLDivLoss", "kl_div", pair, legacy + ", log_target=False") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (input, target) = (try call.tensor("input"), try call.tensor("target"))
      if try call.bool("log_target") {
        return try interpreter.elementwise(
          .multiply, try interpreter.apply(.unary(.exponential), target),
          try interpreter.elementwise(.subtract, target, input))
      }
      // Where the target is 0, target · log(target) is 0.
      let isZero = try interpreter.elementwise(.equal, target, try interpreter.scalar(0))
      let safe = try interpreter.choose(isZero, try interpreter.scalar(1), target)
      let entropy = try interpreter.elementwise(
        .multiply, target, try interpreter.apply(.unary(.logarithm), safe))
      return try interpreter.elementwise(
        .subtract, entropy, try interpreter.elementwise(.multiply, target, input))
    }
    add("SoftMarginLoss", "soft_margin_loss", pair, legacy) { (call) throws(Interruption) in
      let product = try call.interpreter.elementwise(
        .multiply, try call.tensor("input"), try call.tensor("target"))
      return try call.interpreter.apply(
        .unary(.negate), try call.interpreter.apply(.unary(.logSigmoid), product))
    }
    add("HingeEmbeddingLoss", "hinge_embedding_loss", pair, "margin=1.0, " + legacy) {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (input, target) = (try call.tensor("input"), try call.tensor("target"))
      let zero = try interpreter.scalar(0)
      let margin = try interpreter.scalar(try call.double("margin"))
      let near = try interpreter.elementwise(
        .maximum, try interpreter.elementwise(.subtract, margin, input), zero)
      let isPositive = try interpreter.elementwise(.equal, target, try interpreter.scalar(1))
      let isNegative = try interpreter.elementwise(.equal, target, try interpreter.scalar(-1))
      return try interpreter.elementwise(
        .add, try interpreter.choose(isPositive, zero, near),
        try interpreter.choose(isNegative, zero, input))
    }
    add(
      "PoissonNLLLoss", "poisson_nll_loss", pair,
      "log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, reduction='mean'"
    ) {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (input, target) = (try call.tensor("input"), try call.tensor("target"))
      guard try !call.bool("full") else {
        throw interpreter.unsupported("poisson_nll_loss with full=True is not supported")
      }
      if try call.bool("log_input") {
        return try interpreter.elementwise(
          .subtract, try interpreter.apply(.unary(.exponential), input),
          try interpreter.elementwise(.multiply, target, input))
      }
      let raised = try interpreter.elementwise(.add, input, try interpreter.scalar(try call.double("eps")))
      let logarithm = try interpreter.apply(.unary(.logarithm), raised)
      return try interpreter.elementwise(
        .subtract, input, try interpreter.elementwise(.multiply, target, logarithm))
    }
    add(
      "MarginRankingLoss", "margin_ranking_loss", ["input1", "input2", "target"], "margin=0.0, " + legacy
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let difference = try interpreter.elementwise(
        .subtract, try call.tensor("input2"), try call.tensor("input1"))
      let product = try interpreter.elementwise(.multiply, try call.tensor("target"), difference)
      let sum = try interpreter.elementwise(
        .add, product, try interpreter.scalar(try call.double("margin")))
      return try interpreter.elementwise(.maximum, sum, try interpreter.scalar(0))
    }
    add(
      "TripletMarginLoss", "triplet_margin_loss", ["anchor", "positive", "negative"],
      "margin=1.0, p=2.0, eps=1e-06, swap=False, " + legacy
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      func distance(_ a: String, _ b: String) throws(Interruption) -> TracedTensor {
        try interpreter.pairwiseDistance(
          try call.tensor(a), try call.tensor(b), order: try call.double("p"),
          epsilon: try call.double("eps"), keeps: false)
      }
      var far = try distance("anchor", "negative")
      if try call.bool("swap") {
        far = try interpreter.elementwise(.minimum, far, try distance("positive", "negative"))
      }
      let difference = try interpreter.elementwise(.subtract, try distance("anchor", "positive"), far)
      let sum = try interpreter.elementwise(
        .add, difference, try interpreter.scalar(try call.double("margin")))
      return try interpreter.elementwise(.maximum, sum, try interpreter.scalar(0))
    }
    classification(&library, legacy)
    // These can be made and kept; they are no part of a network's forward pass.
    for (name, signature) in [
      ("GaussianNLLLoss", "(*, full=False, eps=1e-06, reduction='mean')"),
      ("MultiLabelMarginLoss", "(\(legacy))"), ("MultiLabelSoftMarginLoss", "(weight=None, \(legacy))"),
      ("CosineEmbeddingLoss", "(margin=0.0, \(legacy))"),
      ("MultiMarginLoss", "(p=1, margin=1.0, weight=None, \(legacy))"),
      (
        "TripletMarginWithDistanceLoss",
        "(*, distance_function=None, margin=1.0, swap=False, reduction='mean')"
      ), ("CTCLoss", "(blank=0, reduction='mean', zero_infinity=False)"),
    ] {
      library.module(
        name, signature, { (call, module) throws(Interruption) in try call.registerLossWeights(of: module) },
        methods: [
          "forward": NativeFunction("\(name).forward", "(self, *args, **kwargs)") {
            (call) throws(Interruption) in
            throw call.interpreter.unsupported("nn.\(name) within a network is not supported")
          }
        ])
    }
  }

  /// Losses of classes by their numbers.
  private static func classification(_ library: inout Library, _ legacy: String) {
    for name in ["NLLLoss", "NLLLoss2d"] {
      library.loss(
        name, "nll_loss", ["input", "target"],
        "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'", isReduced: true
      ) { (call) throws(Interruption) in
        let (scores, target) = try call.classes()
        return try call.interpreter.negativeLogLikelihood(call, scores, target, smoothing: 0)
      }
    }
    library.loss(
      "CrossEntropyLoss", "cross_entropy", ["input", "target"],
      "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean', label_smoothing=0.0",
      isReduced: true
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let smoothing = try call.double("label_smoothing")
      guard smoothing >= 0, smoothing <= 1 else {
        throw interpreter.raise(
          .runtimeError, "label_smoothing must be between 0.0 and 1.0. Got: \(smoothing)")
      }
      let (scores, target) = try call.classes()
      let logarithms = try interpreter.apply(.logSoftmax(axis: 1), scores)
      guard target.dataType.isFloating else {
        return try interpreter.negativeLogLikelihood(call, logarithms, target, smoothing: smoothing)
      }
      // The target is a distribution over the classes.
      let share = try interpreter.scalar(smoothing / Double(scores.shape[1]))
      let smoothed =
        try smoothing == 0
        ? target
        : interpreter.elementwise(
          .add, interpreter.elementwise(.multiply, target, interpreter.scalar(1 - smoothing)), share)
      var product = try interpreter.elementwise(.multiply, logarithms, smoothed)
      if let weight = try call.classWeights(scores) {
        product = try interpreter.elementwise(.multiply, product, weight)
      }
      let loss = try interpreter.apply(
        .unary(.negate), try interpreter.reduce(.sum, product, [1], keeps: false))
      return try call.reduced(loss)
    }
  }

  /// Adds a loss as a module and as a function.
  ///
  /// - Parameter isReduced: whether the body reduces the elements' losses itself.
  fileprivate mutating func loss(
    _ name: String, _ function: String, _ inputs: [String], _ options: String, isReduced: Bool = false,
    _ body: @escaping LossBody
  ) {
    let names = inputs.joined(separator: ", ")
    let functional = NativeFunction("torch.nn.functional.\(function)", "(\(names), \(options))") {
      (call) throws(Interruption) in
      let loss = try body(call)
      return .tensor(try isReduced ? loss : call.reduced(loss))
    }
    add(functional, as: [functional.name])
    let keywords = Signature("(\(options))").parameters.map(\.name)
    module(
      name, "(\(options))",
      { (call, module) throws(Interruption) in try call.registerLossWeights(of: module) },
      methods: [
        "forward": NativeFunction("\(name).forward", "(self, \(names))") { (call) throws(Interruption) in
          let module = try call.instance()
          var arguments = Arguments(inputs.map { call[$0] })
          for keyword in keywords {
            arguments.keywords.append(
              (keyword, try call.interpreter.attribute(keyword, of: .instance(module))))
          }
          return try call.interpreter.call(functional, arguments)
        }
      ])
  }
}

extension NativeCall {
  /// The weights of a loss are buffers.
  fileprivate func registerLossWeights(of module: PythonInstance) throws(Interruption) {
    for name in ["weight", "pos_weight"] where function.signature.index(of: name) != nil {
      module.attributes[name] = nil
      module.attributeOrder.removeAll { $0 == name }
      try interpreter.registerBuffer(try optionalTensor(name), name, of: module, isPersistent: true)
    }
    if function.signature.index(of: "reduction") != nil { _ = try reduction() }
  }

  /// How elements become one, with PyTorch's older arguments.
  fileprivate func reduction() throws(Interruption) -> String {
    var (average, reduces): (Bool?, Bool?) = (nil, nil)
    if function.signature.index(of: "size_average") != nil {
      if !interpreter.isNone(self["size_average"]) { average = try bool("size_average") }
      if !interpreter.isNone(self["reduce"]) { reduces = try bool("reduce") }
    }
    guard average == nil, reduces == nil else {
      return reduces == false ? "none" : average == false ? "sum" : "mean"
    }
    return try string("reduction")
  }

  fileprivate func reduced(_ loss: TracedTensor) throws(Interruption) -> TracedTensor {
    switch try reduction() {
    case "none": return loss
    case "mean": return try interpreter.reduce(.mean, loss, nil, keeps: false)
    case "sum": return try interpreter.reduce(.sum, loss, nil, keeps: false)
    case "batchmean" where function.name.hasSuffix("kl_div"):
      let sum = try interpreter.reduce(.sum, loss, nil, keeps: false)
      let batch = Double(try tensor("input").shape.first ?? 1)
      return try interpreter.elementwise(.divide, sum, try interpreter.scalar(batch))
    case let other:
      throw interpreter.raise(.valueError, "\(other) is not a valid value for reduction")
    }
  }

  /// input − target.
  fileprivate func lossDifference() throws(Interruption) -> TracedTensor {
    try interpreter.elementwise(.subtract, try tensor("input"), try tensor("target"))
  }

  /// A loss times the argument `weight`.
  fileprivate func weighted(_ loss: TracedTensor) throws(Interruption) -> TracedTensor {
    guard let weight = try optionalTensor("weight") else { return loss }
    return try interpreter.elementwise(.multiply, loss, weight)
  }

  /// Scores `[N, C, …]` and the target, `[N, …]` where it is of class numbers; a single sample gets a batch of 1.
  fileprivate func classes() throws(Interruption) -> (scores: TracedTensor, target: TracedTensor) {
    var scores = try tensor("input")
    var target = try tensor("target")
    if scores.rank == 1 {
      scores = try interpreter.reshape(scores, [1] + scores.shape)
      target = try interpreter.reshape(target, [1] + target.shape)
    }
    guard scores.rank >= 2 else {
      throw interpreter.raise(
        .runtimeError, "input must have 1 or more dimensions", identifier: "torch.shape")
    }
    let places = [scores.shape[0]] + scores.shape.dropFirst(2)
    guard target.shape == (target.dataType.isFloating ? scores.shape : Array(places)) else {
      throw interpreter.raise(
        .valueError,
        "Expected input batch_size and dimensions \(scores.shape) to match target \(target.shape).",
        identifier: "torch.shape")
    }
    return (scores, target)
  }

  /// The argument `weight`, one number per class, in a shape that fits `[N, C, …]`.
  fileprivate func classWeights(_ scores: TracedTensor) throws(Interruption) -> TracedTensor? {
    guard let weight = try optionalTensor("weight") else { return nil }
    guard weight.shape == [scores.shape[1]] else {
      throw interpreter.raise(
        .runtimeError,
        "weight tensor should be defined either for all \(scores.shape[1]) classes or no classes but got weight "
          + "tensor of shape: \(weight.shape)", identifier: "torch.shape")
    }
    return try interpreter.reshape(
      weight, [1, weight.count] + [Int](repeating: 1, count: scores.rank - 2))
  }
}

extension Interpreter {
  /// quadratic · d² up to the bend, then a line of that slope that joins it.
  fileprivate func huber(
    _ distance: TracedTensor, bend: Double, quadratic: Double, slope: Double
  ) throws(Interruption) -> TracedTensor {
    let near = try elementwise(.minimum, distance, try scalar(bend))
    let curve = try elementwise(.multiply, try apply(.unary(.square), near), try scalar(quadratic))
    let line = try elementwise(.multiply, try elementwise(.subtract, distance, near), try scalar(slope))
    return try elementwise(.add, curve, line)
  }

  /// The loss of log-probabilities `[N, C, …]` by class numbers `[N, …]`, with weights, ignored classes and label
  /// smoothing, reduced.
  fileprivate func negativeLogLikelihood(
    _ call: NativeCall, _ scores: TracedTensor, _ target: TracedTensor, smoothing: Double
  ) throws(Interruption) -> TracedTensor {
    guard !target.dataType.isFloating else {
      throw raise(.runtimeError, "expected scalar type Long but found Float")
    }
    let ignored = try scalar(Double(try call.int("ignore_index")), .int64)
    let isIgnored = try elementwise(.equal, target, ignored)
    let safe = try choose(isIgnored, try scalar(0, .int64), target)
    var places = target.shape
    places.insert(1, at: 1)
    let index = try reshape(safe, places)
    let zero = try scalar(0)
    func chosen(_ values: TracedTensor) throws(Interruption) -> TracedTensor {
      let picked = try reshape(
        try apply(.gather(axis: 1), [values, index], dataType: values.dataType), target.shape)
      return try choose(isIgnored, zero, picked)
    }
    let weight = try call.classWeights(scores)
    var weights = try choose(isIgnored, zero, try expand(try scalar(1), target.shape))
    var weightedScores = scores
    if let weight {
      weights = try chosen(try expand(weight, scores.shape))
      weightedScores = try elementwise(.multiply, scores, weight)
    }
    var loss = try apply(.unary(.negate), try chosen(weightedScores))
    if smoothing > 0 {
      let sum = try reduce(.sum, weightedScores, [1], keeps: false)
      let smooth = try choose(isIgnored, zero, try apply(.unary(.negate), sum))
      loss = try elementwise(
        .add, try elementwise(.multiply, loss, try scalar(1 - smoothing)),
        try elementwise(.multiply, smooth, try scalar(smoothing / Double(scores.shape[1]))))
    }
    let reduction = try call.reduced(loss)
    guard reduction.rank == 0, try call.isMean() else { return reduction }
    return try elementwise(
      .divide, try reduce(.sum, loss, nil, keeps: false), try reduce(.sum, weights, nil, keeps: false))
  }
}

extension NativeCall {
  fileprivate func isMean() throws(Interruption) -> Bool { try reduction() == "mean" }
}
