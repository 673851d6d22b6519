import NetworkGraph

extension Library {
  /// `nn.Bilinear`, similarities and distances, and Gumbel's softmax.
  static let similarities: Family = { library in
    library.module(
      "Bilinear", "(in1_features, in2_features, out_features, bias=True, device=None, dtype=None)",
      { (call, module) throws(Interruption) in
        let first = try call.int("in1_features")
        let second = try call.int("in2_features")
        let outputs = try call.int("out_features")
        guard first > 0 else {
          throw call.interpreter.raise(.valueError, "in1_features must be > 0, but got \(first)")
        }
        try call.interpreter.check("in2_features", second, "Bilinear")
        try call.interpreter.check("out_features", outputs, "Bilinear")
        let distribution = Interpreter.uniform(fanIn: first)
        try call.interpreter.register("weight", of: module, [outputs, first, second], distribution)
        try call.interpreter.register(
          "bias", of: module, try call.bool("bias") ? [outputs] : nil, distribution)
      },
      methods: [
        "forward": NativeFunction("Bilinear.forward", "(self, input1, input2)") {
          (call) throws(Interruption) in
          let module = try call.instance()
          guard let weight = module.tensor("weight") else {
            throw call.interpreter.raise(.attributeError, "'Bilinear' object has no attribute 'weight'")
          }
          return .tensor(
            try call.interpreter.bilinear(
              try call.tensor("input1"), try call.tensor("input2"), weight, module.tensor("bias")))
        }
      ])
    library.function(
      "torch.nn.functional.bilinear", "torch.bilinear", signature: "(input1, input2, weight, bias=None)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.bilinear(
          try call.tensor("input1"), try call.tensor("input2"), try call.tensor("weight"),
          try call.optionalTensor("bias")))
    }
    library.function(
      "torch.nn.functional.cosine_similarity", "torch.cosine_similarity",
      signature: "(x1, x2, dim=1, eps=1e-08)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.cosineSimilarity(
          try call.tensor("x1"), try call.tensor("x2"), try call.int("dim"), try call.double("eps")))
    }
    library.module(
      "CosineSimilarity", "(dim=1, eps=1e-08)", { (_, _) throws(Interruption) in },
      methods: [
        "forward": NativeFunction("CosineSimilarity.forward", "(self, x1, x2)") {
          (call) throws(Interruption) in
          let module = try call.instance()
          return .tensor(
            try call.interpreter.cosineSimilarity(
              try call.tensor("x1"), try call.tensor("x2"), module.int("dim"), module.double("eps")))
        }
      ])
    library.function(
      "torch.nn.functional.pairwise_distance", "torch.pairwise_distance",
      signature: "(x1, x2, p=2.0, eps=1e-06, keepdim=False)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.pairwiseDistance(
          try call.tensor("x1"), try call.tensor("x2"), order: try call.double("p"),
          epsilon: try call.double("eps"), keeps: try call.bool("keepdim")))
    }
    library.module(
      "PairwiseDistance", "(p=2.0, eps=1e-06, keepdim=False)", { (_, _) throws(Interruption) in },
      methods: [
        "forward": NativeFunction("PairwiseDistance.forward", "(self, x1, x2)") {
          (call) throws(Interruption) in
          let module = try call.instance()
          return .tensor(
            try call.interpreter.pairwiseDistance(
              try call.tensor("x1"), try call.tensor("x2"), order: module.double("p"),
              epsilon: module.double("eps"), keeps: module.bool("keepdim")))
        }
      ])
    library.function("torch.cdist", signature: "(x1, x2, p=2.0, compute_mode=None)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (first, second) = (try call.tensor("x1"), try call.tensor("x2"))
      guard first.rank >= 2, second.rank >= 2, first.shape.last == second.shape.last else {
        throw interpreter.raise(
          .runtimeError,
          "cdist: X1 and X2 must be at least 2D and have the same number of columns: \(first.shape) and "
            + "\(second.shape)", identifier: "torch.shape")
      }
      var (rows, columns) = (first.shape, second.shape)
      rows.insert(1, at: rows.count - 1)
      columns.insert(1, at: columns.count - 2)
      let difference = try interpreter.elementwise(
        .subtract, try interpreter.reshape(first, rows), try interpreter.reshape(second, columns))
      return .tensor(try interpreter.norm(difference, try call.double("p"), [-1], keeps: false))
    }
    library.function(
      "torch.nn.functional.gumbel_softmax", signature: "(logits, tau=1, hard=False, eps=1e-10, dim=-1)"
    ) { (call) throws(Interruption) in
      .tensor(try call.interpreter.gumbelSoftmax(call))
    }
  }
}

extension Interpreter {
  /// x₁ᵀ · A · x₂ + b for each matrix A of the weight `[outputs, in₁, in₂]`.
  fileprivate func bilinear(
    _ first: TracedTensor, _ second: TracedTensor, _ weight: TracedTensor, _ bias: TracedTensor?
  ) throws(Interruption) -> TracedTensor {
    guard weight.rank == 3, first.rank > 0, first.rank == second.rank,
      first.shape.dropLast() == second.shape.dropLast(), first.shape.last == weight.shape[1],
      second.shape.last == weight.shape[2]
    else {
      throw raise(
        .runtimeError,
        "bilinear(): inputs of sizes \(first.shape) and \(second.shape) and weight of size \(weight.shape) do not fit",
        identifier: "torch.shape")
    }
    let (outputs, inputs, others) = (weight.shape[0], weight.shape[1], weight.shape[2])
    // [in₁, outputs · in₂]
    let matrix = try reshape(try permute(weight, [1, 0, 2]), [inputs, outputs * others])
    let leading = Array(first.shape.dropLast())
    let product = try reshape(try matrixMultiply(first, matrix), leading + [outputs, others])
    let scaled = try elementwise(.multiply, product, try reshape(second, leading + [1, others]))
    let sum = try reduce(.sum, scaled, [-1], keeps: false)
    return try bias.map { (bias) throws(Interruption) in try elementwise(.add, sum, bias) } ?? sum
  }

  func cosineSimilarity(
    _ first: TracedTensor, _ second: TracedTensor, _ dimension: Int, _ epsilon: Double
  ) throws(Interruption) -> TracedTensor {
    let shape = try elementwise(.add, first, second).shape
    let sides = [try expand(first, shape), try expand(second, shape)]
    var normal: [TracedTensor] = []
    for side in sides {
      let length = try norm(side, 2, [dimension], keeps: true)
      normal.append(
        try elementwise(.divide, side, try elementwise(.maximum, length, try scalar(epsilon))))
    }
    return try reduce(.sum, try elementwise(.multiply, normal[0], normal[1]), [dimension], keeps: false)
  }

  func pairwiseDistance(
    _ first: TracedTensor, _ second: TracedTensor, order: Double, epsilon: Double, keeps: Bool
  ) throws(Interruption) -> TracedTensor {
    let difference = try elementwise(.subtract, first, second)
    return try norm(
      try elementwise(.add, difference, try scalar(epsilon)), order, [-1], keeps: keeps)
  }

  /// The softmax of logits plus Gumbel noise (Jang et al., arXiv:1611.01144); hard, the largest is made 1 with the
  /// gradient of the soft one.
  fileprivate func gumbelSoftmax(_ call: NativeCall) throws(Interruption) -> TracedTensor {
    let logits = try call.tensor("logits")
    let axis = try axis(try call.int("dim"), logits.rank)
    let uniform = try random(.uniform(lower: 0, upper: 1), logits.shape)
    // −log(−log u); u = 0 would give −∞.
    let drawn = try elementwise(.maximum, uniform, try scalar(0x1p-64))
    let exponential = try apply(.unary(.negate), try apply(.unary(.logarithm), drawn))
    let gumbel = try apply(.unary(.negate), try apply(.unary(.logarithm), exponential))
    let sum = try elementwise(
      .divide, try elementwise(.add, logits, gumbel), try scalar(try call.double("tau")))
    let soft = try softmax(sum, axis, isLogarithmic: false)
    guard try call.bool("hard") else { return soft }
    let largest = try reduce(.maximum, soft, [axis], keeps: true)
    let hard = try cast(try elementwise(.equal, soft, largest), .float32)
    let change = try elementwise(.subtract, hard, try apply(.detach, soft))
    return try elementwise(.add, change, soft)
  }
}
