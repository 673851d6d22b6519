import NetworkGraph
import PythonSyntax

extension Library {
  /// Products of vectors and matrices, and those that are added to something.
  static let matrixProducts: Family = { library in
    library.function(
      "torch.matmul", "Tensor.matmul", "Tensor.__matmul__", "operator.matmul", "torch.linalg.matmul",
      signature: "(input, other, *, out=None)"
    ) { (call) throws(Interruption) in
      .tensor(try call.interpreter.matrixMultiply(try call.tensor("input"), try call.tensor("other")))
    }
    for (name, rank, second) in [("mm", 2, "mat2"), ("bmm", 3, "mat2")] {
      library.function("torch.\(name)", "Tensor.\(name)", signature: "(input, \(second), *, out=None)") {
        (call) throws(Interruption) in
        let (a, b) = (try call.tensor("input"), try call.tensor(second))
        try call.check(rank, [a, b])
        return .tensor(try call.interpreter.matrixMultiply(a, b))
      }
    }
    for (names, signature) in [
      (["dot", "inner"], "(input, tensor)"), (["vdot"], "(input, other)"), (["mv"], "(input, vec)"),
    ] {
      for name in names where name != "inner" {
        library.function("torch.\(name)", "Tensor.\(name)", signature: signature) {
          (call) throws(Interruption) in
          let (a, b) = (try call.tensor("input"), try call.tensor(call.values[1], "other"))
          try call.check(name == "mv" ? 2 : 1, [a])
          try call.check(1, [b])
          return .tensor(try call.interpreter.matrixMultiply(a, b))
        }
      }
    }
    library.function("torch.inner", "Tensor.inner", signature: "(input, other)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (a, b) = (try call.tensor("input"), try call.tensor("other"))
      if a.rank == 0 || b.rank == 0 { return .tensor(try interpreter.elementwise(.multiply, a, b)) }
      guard a.shape.last == b.shape.last else {
        throw interpreter.raise(
          .runtimeError,
          "inner() the last dimension must match on both input tensors but got shapes \(a.shape) and "
            + "\(b.shape)", identifier: "torch.shape")
      }
      let left = (0..<a.rank).map { EinsumEquation.Term.label($0) }
      let right = (0..<b.rank).map { EinsumEquation.Term.label($0 == b.rank - 1 ? a.rank - 1 : 64 + $0) }
      return .tensor(
        try interpreter.einsum(
          EinsumEquation(operands: [left, right], output: left.dropLast() + right.dropLast()), [a, b]))
    }
    library.function("torch.outer", "Tensor.outer", "torch.ger", "Tensor.ger", signature: "(input, vec2)") {
      (call) throws(Interruption) in
      let (a, b) = (try call.tensor("input"), try call.tensor("vec2"))
      try call.check(1, [a, b])
      let column = try call.interpreter.reshape(a, [a.count, 1])
      return .tensor(try call.interpreter.elementwise(.multiply, column, b))
    }
    library.function("torch.kron", "Tensor.kron", signature: "(input, other)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (a, b) = (try call.tensor("input"), try call.tensor("other"))
      let rank = max(a.rank, b.rank)
      let left = [Int](repeating: 1, count: rank - a.rank) + a.shape
      let right = [Int](repeating: 1, count: rank - b.rank) + b.shape
      let product = try interpreter.elementwise(
        .multiply, try interpreter.reshape(a, left.flatMap { [$0, 1] }),
        try interpreter.reshape(b, right.flatMap { [1, $0] }))
      return .tensor(try interpreter.reshape(product, zip(left, right).map { $0 * $1 }))
    }
    for (names, isLinear) in [(["torch.cross", "Tensor.cross"], false), (["torch.linalg.cross"], true)] {
      library.add(
        NativeFunction(names[0], isLinear ? "(input, other, *, dim=-1)" : "(input, other, dim=None)") {
          (call) throws(Interruption) in
          .tensor(try call.crossProduct(try call.tensor("input"), try call.tensor("other")))
        }, as: names)
    }
    let sums: [(name: String, ranks: (Int, Int), operands: (String, String))] = [
      ("addmm", (2, 2), ("mat1", "mat2")), ("addmv", (2, 1), ("mat", "vec")),
      ("addr", (1, 1), ("vec1", "vec2")),
      ("baddbmm", (3, 3), ("batch1", "batch2")), ("addbmm", (3, 3), ("batch1", "batch2")),
    ]
    for (name, ranks, operands) in sums {
      library.pointwise([name], "(input, \(operands.0), \(operands.1), *, beta=1, alpha=1)") {
        (call) throws(Interruption) in
        let interpreter = call.interpreter
        let (a, b) = (try call.tensor(operands.0), try call.tensor(operands.1))
        try call.check(ranks.0, [a])
        try call.check(ranks.1, [b])
        var product: TracedTensor
        if name == "addr" {
          product = try interpreter.elementwise(.multiply, try interpreter.reshape(a, [a.count, 1]), b)
        } else {
          product = try interpreter.matrixMultiply(a, b)
        }
        if name == "addbmm" { product = try interpreter.reduce(.sum, product, [0], keeps: false) }
        var input = try interpreter.expand(try call.tensor("input"), product.shape)
        if interpreter.double(call["alpha"]) != 1 {
          product = try call.tensor(
            try interpreter.binary(.multiply, .tensor(product), call["alpha"]), "alpha")
        }
        // With β = 0 the input is ignored, NaN and all.
        if interpreter.double(call["beta"]) == 0 { return product }
        if interpreter.double(call["beta"]) != 1 {
          input = try call.tensor(try interpreter.binary(.multiply, .tensor(input), call["beta"]), "beta")
        }
        return try interpreter.elementwise(.add, input, product)
      }
    }
    library.function("torch.chain_matmul", "torch.functional.chain_matmul", signature: "(*matrices)") {
      (call) throws(Interruption) in .tensor(try call.chain(try call.restTensors("matrices")))
    }
    library.function("torch.linalg.multi_dot", signature: "(tensors)") { (call) throws(Interruption) in
      .tensor(try call.chain(try call.tensors("tensors")))
    }
    library.function(
      "torch.matrix_power", "Tensor.matrix_power", "torch.linalg.matrix_power", signature: "(input, n)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      let exponent = try call.int("n")
      guard input.rank >= 2, input.shape[input.rank - 1] == input.shape[input.rank - 2] else {
        throw interpreter.raise(
          .runtimeError,
          "linalg.matrix_power: A must be batches of square matrices, but they are \(input.shape)",
          identifier: "torch.shape")
      }
      guard exponent > 0, exponent <= 1_024 else {
        throw interpreter.unsupported("matrix_power with the exponent \(exponent) is not supported")
      }
      var result = input
      for _ in 1..<exponent { result = try interpreter.matrixMultiply(result, input) }
      return .tensor(result === input ? try interpreter.copied(input) : result)
    }
    // What needs a decomposition of matrices, or complex numbers.
    for name in [
      "linalg.inv", "linalg.pinv", "linalg.svd", "linalg.svdvals", "linalg.eig", "linalg.eigh",
      "linalg.eigvals",
      "linalg.eigvalsh", "linalg.qr", "linalg.cholesky", "linalg.solve", "linalg.lstsq", "linalg.det",
      "linalg.slogdet", "linalg.matrix_rank", "linalg.matrix_exp", "linalg.lu", "inverse", "pinverse", "svd",
      "qr",
      "cholesky", "det", "logdet", "slogdet", "lu", "symeig", "matrix_exp", "svd_lowrank", "pca_lowrank",
    ] {
      let refuse: NativeFunction.Body = { (call) throws(Interruption) in
        throw call.interpreter.unsupported(
          "torch.\(name) is not supported: matrices are multiplied here, not decomposed or inverted")
      }
      library.function("torch.\(name)", signature: "(*args, **kwargs)", refuse)
      if !name.contains(".") { library.function("Tensor.\(name)", signature: "(*args, **kwargs)", refuse) }
    }
  }
}

extension NativeCall {
  /// Makes sure that tensors have so many dimensions.
  fileprivate func check(_ rank: Int, _ tensors: [TracedTensor]) throws(Interruption) {
    for tensor in tensors where tensor.rank != rank {
      throw interpreter.raise(
        .runtimeError,
        "\(function.shortName)(): expected a \(rank)D tensor, but got \(tensor.rank)D with shape \(tensor.shape)",
        identifier: "torch.shape")
    }
  }

  fileprivate func chain(_ tensors: [TracedTensor]) throws(Interruption) -> TracedTensor {
    guard var result = tensors.first, tensors.count >= 2 else {
      throw interpreter.raise(
        .runtimeError, "multi_dot(): expected at least 2 tensors but got \(tensors.count)")
    }
    for tensor in tensors.dropFirst() { result = try interpreter.matrixMultiply(result, tensor) }
    return result
  }

  fileprivate func crossProduct(_ a: TracedTensor, _ b: TracedTensor) throws(Interruption) -> TracedTensor {
    let shape = try interpreter.broadcast([a.shape, b.shape])
    let (left, right) = (try interpreter.expand(a, shape), try interpreter.expand(b, shape))
    guard let dimension = try optionalInt("dim") ?? shape.firstIndex(of: 3) else {
      throw interpreter.raise(.runtimeError, "no dimension of size 3 in input", identifier: "torch.shape")
    }
    let axis = try interpreter.axis(dimension, shape.count)
    guard !shape.isEmpty, shape[axis] == 3 else {
      throw interpreter.raise(
        .runtimeError, "linalg.cross: inputs dimension \(dimension) must have length 3. Got \(shape)",
        identifier: "torch.shape")
    }
    // a₁b₂ − a₂b₁ and its cyclic kin.
    let (next, last) = ([1, 2, 0], [2, 0, 1])
    let plus = try interpreter.elementwise(
      .multiply, try interpreter.take(left, axis, next), try interpreter.take(right, axis, last))
    let minus = try interpreter.elementwise(
      .multiply, try interpreter.take(left, axis, last), try interpreter.take(right, axis, next))
    return try interpreter.elementwise(.subtract, plus, minus)
  }
}
