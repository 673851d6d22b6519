import NetworkGraph

extension Library {
  /// The dropout family, active in training only.
  static let dropouts: Family = { library in
    for (name, function, isPerChannel) in [
      ("Dropout", "dropout", false), ("Dropout1d", "dropout1d", true), ("Dropout2d", "dropout2d", true),
      ("Dropout3d", "dropout3d", true),
    ] {
      library.module(
        name, "(p=0.5, inplace=False)",
        { (call, _) throws(Interruption) in
          try call.interpreter.checkProbability(try call.double("p"))
        },
        forward: { (call, module, input) throws(Interruption) in
          let result = try call.interpreter.dropout(
            input, module.double("p"), isPerChannel: isPerChannel, isActive: module.bool("training"))
          return module.bool("inplace") ? try call.interpreter.write(result, into: input) : result
        })
      // `dropout2d` and its kin are active unless told otherwise, just as `dropout`.
      library.function(
        "torch.nn.functional.\(function)", "torch.\(function)",
        signature: "(input, p=0.5, training=True, inplace=False)"
      ) { (call) throws(Interruption) in
        let probability = try call.double("p")
        try call.interpreter.checkProbability(probability)
        let input = try call.tensor("input")
        let result = try call.interpreter.dropout(
          input, probability, isPerChannel: isPerChannel, isActive: try call.bool("training"))
        return .tensor(try call.bool("inplace") ? call.interpreter.write(result, into: input) : result)
      }
    }
  }
}

extension Interpreter {
  fileprivate func checkProbability(_ probability: Double) throws(Interruption) {
    guard probability >= 0, probability <= 1 else {
      throw raise(
        .valueError,
        "dropout probability has to be between 0 and 1, but got \(Self.representation(of: probability))",
        identifier: "torch.argument")
    }
  }

  func dropout(
    _ input: TracedTensor, _ probability: Double, isPerChannel: Bool, isActive: Bool
  ) throws(Interruption) -> TracedTensor {
    guard isActive, probability > 0 else { return input }
    if probability == 1 { return try elementwise(.multiply, input, try scalar(0)) }
    let value = try emit(.dropout(Dropout(probability: probability, isPerChannel: isPerChannel)), [input])
    guard let result = value.first else { return input }
    return try tensor(.graph(result), input.shape, input.dataType)
  }
}
