import NetworkGraph

extension Library {
  /// Extremes with their places, sorting, and running sums.
  static let ordering: Family = { library in
    for (name, kind) in [("max", Reduction.Kind.maximum), ("min", .minimum)] {
      library.function(
        "torch.\(name)", "Tensor.\(name)", signature: "(input, dim=None, keepdim=False, *, other=None)"
      ) { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let input = try call.tensor("input")
        var second = call["dim"]
        if case .tensor = call["other"] { second = call["other"] }
        if case .tensor(let other) = second, other.rank > 0 || other.dataType.isFloating {
          return .tensor(try interpreter.elementwise(kind == .maximum ? .maximum : .minimum, input, other))
        }
        guard let dimension = try call.optionalInt("dim") else {
          return .tensor(try interpreter.reduce(kind, input, nil, keeps: false))
        }
        let values = try interpreter.reduce(kind, input, [dimension], keeps: try call.bool("keepdim"))
        let type = interpreter.nativeClass("torch.return_types.\(name)")
        type.fields = ["values", "indices"]
        return try interpreter.tuple(
          [.tensor(values), .opaque("the indices of torch.\(name)")], .named(type))
      }
      library.add(NativeClass("torch.return_types.\(name)", base: "builtins.tuple"))
    }
    library.function("torch.cumsum", "Tensor.cumsum", signature: "(input, dim)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      let axis = try interpreter.axis(try call.int("dim"), input.rank)
      guard input.rank > 0, input.shape[axis] <= 1_024, try interpreter.knownValues(input) != nil else {
        throw interpreter.unsupported("torch.cumsum within a network is not supported yet")
      }
      var parts: [TracedTensor] = []
      for index in 0..<input.shape[axis] {
        let part = try interpreter.slice(input, axis, index, index + 1)
        parts.append(
          try parts.last.map { (sum) throws(Interruption) in try interpreter.elementwise(.add, sum, part) }
            ?? part)
      }
      return .tensor(try interpreter.concatenate(parts, axis))
    }
  }
}
