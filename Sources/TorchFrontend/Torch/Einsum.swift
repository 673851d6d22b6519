import NetworkGraph

/// An Einstein summation: which label each dimension of each operand has, and which the result has.
struct EinsumEquation {
  enum Term: Hashable {
    case label(Int)
    case ellipsis
  }

  var operands: [[Term]]
  /// nil where the result has, behind what `...` stands for, the labels that occur once, in their order.
  var output: [Term]?
}

extension Library {
  /// `torch.einsum`, and products that are sums over pairs of dimensions.
  static let summations: Family = { library in
    library.function("torch.einsum", "torch.functional.einsum", signature: "(equation, *operands)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      var tensors: [TracedTensor] = []
      if case .string(let text) = call["equation"] {
        var values = call.rest
        if values.count == 1 {
          switch values[0] {
          case .list, .tuple: values = try interpreter.elements(of: values[0])
          default: break
          }
        }
        for value in values { tensors.append(try call.tensor(value, "operands")) }
        return .tensor(try interpreter.einsum(try interpreter.equation(text), tensors))
      }
      // einsum(first, [0, 1], second, [1, 2], [0, 2])
      var values = [call["equation"]] + call.rest
      var equation = EinsumEquation(operands: [], output: nil)
      if !values.count.isMultiple(of: 2), let last = values.popLast() {
        equation.output = try interpreter.terms(last)
      }
      for index in stride(from: 0, to: values.count, by: 2) {
        tensors.append(try call.tensor(values[index], "operands"))
        equation.operands.append(try interpreter.terms(values[index + 1]))
      }
      return .tensor(try interpreter.einsum(equation, tensors))
    }
    library.function(
      "torch.tensordot", "torch.functional.tensordot", signature: "(a, b, dims=2)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (a, b) = (try call.tensor("a"), try call.tensor("b"))
      var (left, right): ([Int], [Int])
      if let count = interpreter.integer(call["dims"]) {
        guard count >= 0, count <= min(a.rank, b.rank) else {
          throw interpreter.raise(.runtimeError, "tensordot expects dims >= 0, but got dims=\(count)")
        }
        (left, right) = (Array((a.rank - count)..<a.rank), Array(0..<count))
      } else {
        let pair = try interpreter.elements(of: call["dims"])
        guard pair.count == 2 else {
          throw interpreter.raise(.runtimeError, "tensordot expects dims to be a pair of lists of dimensions")
        }
        (left, right) = (try call.ints(pair[0], "dims"), try call.ints(pair[1], "dims"))
      }
      guard left.count == right.count else {
        throw interpreter.raise(.runtimeError, "both dimension lists should have same length")
      }
      var second = Array(a.rank..<(a.rank + b.rank))
      for (i, j) in zip(left, right) {
        let (i, j) = (try interpreter.axis(i, a.rank), try interpreter.axis(j, b.rank))
        guard a.rank > 0, b.rank > 0, a.shape[i] == b.shape[j] || a.shape[i] == 1 || b.shape[j] == 1 else {
          throw interpreter.raise(
            .runtimeError,
            "contracted dimensions need to match, but first has size \(a.shape) in dim \(i) "
              + "and second has size \(b.shape) in dim \(j)", identifier: "torch.shape")
        }
        second[j] = i
      }
      let first = Array(0..<a.rank)
      let contracted = Set(first).intersection(second)
      return .tensor(
        try interpreter.einsum(
          EinsumEquation(
            operands: [first.map { .label($0) }, second.map { .label($0) }],
            output: (first + second).filter { !contracted.contains($0) }.map { .label($0) }), [a, b]))
    }
  }
}

extension NativeCall {
  /// A value that must be a tensor.
  func tensor(_ value: PythonValue, _ name: String) throws(Interruption) -> TracedTensor {
    if case .tensor(let tensor) = value { return tensor }
    if case .opaque(let unknown) = value {
      throw interpreter.unsupported("\(unknown) is not supported", hint: interpreter.opaqueHint(unknown))
    }
    throw interpreter.raise(
      .typeError,
      "\(function.shortName)(): argument '\(name)' must be Tensor, not \(interpreter.typeName(value))")
  }
}

extension Interpreter {
  fileprivate func einsumError(_ message: String) -> Interruption {
    raise(.runtimeError, "einsum(): " + message, identifier: "torch.shape")
  }

  /// Reads `bij, bjk -> bik`.
  fileprivate func equation(_ text: String) throws(Interruption) -> EinsumEquation {
    try spend(text.utf8.count)
    let arrow = text.firstRange(of: "->")
    let inputs = text[..<(arrow?.lowerBound ?? text.endIndex)]
    var operands: [[EinsumEquation.Term]] = []
    for (index, side) in inputs.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
      operands.append(try terms(side, "operand \(index)"))
    }
    let output = try arrow.map { (arrow) throws(Interruption) in
      try terms(text[arrow.upperBound...], "the output")
    }
    return EinsumEquation(operands: operands, output: output)
  }

  private func terms(_ text: Substring, _ place: String) throws(Interruption) -> [EinsumEquation.Term] {
    var terms: [EinsumEquation.Term] = []
    var rest = text[...]
    while let character = rest.first {
      if rest.hasPrefix("...") {
        guard !terms.contains(.ellipsis) else {
          throw einsumError("found '.' for \(place) for which an ellipsis was already found")
        }
        terms.append(.ellipsis)
        rest = rest.dropFirst(3)
        continue
      }
      rest = rest.dropFirst()
      if character == " " { continue }
      guard character != "." else {
        throw einsumError("found '.' for \(place) that is not part of any ellipsis")
      }
      guard character.isASCII, character.isLetter, let code = character.asciiValue else {
        throw einsumError(
          "invalid subscript given in the equation string, subscripts must be in [a-zA-Z], not '\(character)'"
        )
      }
      // PyTorch's order: A…Z before a…z.
      terms.append(.label(Int(code) - (code >= 97 ? 97 - 26 : 65)))
    }
    return terms
  }

  /// A list of numbers and `...`.
  fileprivate func terms(_ value: PythonValue) throws(Interruption) -> [EinsumEquation.Term] {
    var terms: [EinsumEquation.Term] = []
    for element in try elements(of: value) {
      if case .ellipsis = element {
        guard !terms.contains(.ellipsis) else { throw einsumError("an ellipsis was already found") }
        terms.append(.ellipsis)
        continue
      }
      guard let label = integer(element), (0..<52).contains(label) else {
        throw raise(
          .valueError,
          "einsum(): expected subscripts to be in range [0, 52), not \(try representation(of: element))")
      }
      terms.append(.label(label))
    }
    return terms
  }

  /// Sums products of elements over the labels that the result lacks, two operands at a time from the left.
  func einsum(
    _ equation: EinsumEquation, _ tensors: [TracedTensor]
  ) throws(Interruption) -> TracedTensor {
    guard !tensors.isEmpty else { throw einsumError("must provide at least one operand") }
    guard equation.operands.count == tensors.count else {
      throw einsumError(
        equation.operands.count > tensors.count
          ? "fewer operands were provided than specified in the equation"
          : "more operands were provided than specified in the equation")
    }
    // What `...` stands for gets negative labels, counted from the back.
    var extents: [Int: Int] = [:]
    var hiddenCount = 0
    var operands: [LabelledTensor] = []
    for (index, (terms, tensor)) in zip(equation.operands, tensors).enumerated() {
      let named = terms.count { $0 != .ellipsis }
      let hidden = terms.contains(.ellipsis)
      guard hidden ? named <= tensor.rank : named == tensor.rank else {
        throw einsumError(
          "the number of subscripts in the equation (\(named)) \(hidden ? "is more than" : "does not match") the "
            + "number of dimensions (\(tensor.rank)) for operand \(index)"
            + (hidden ? "" : " and no ellipsis was given"))
      }
      hiddenCount = max(hiddenCount, tensor.rank - named)
      var labels: [Int] = []
      for term in terms {
        switch term {
        case .label(let label): labels.append(label)
        case .ellipsis: labels += (0..<(tensor.rank - named)).map { $0 - (tensor.rank - named) }
        }
      }
      for (label, extent) in zip(labels, tensor.shape) {
        let known = extents[label] ?? 1
        guard known == extent || known == 1 || extent == 1 else {
          throw einsumError(
            "operands do not broadcast with remapped shapes [original->remapped]: a subscript has size \(extent) "
              + "for operand \(index) which does not broadcast with previously seen size \(known)")
        }
        extents[label] = max(known, extent)
      }
      operands.append(try diagonal(LabelledTensor(tensor: tensor, labels: labels)))
    }
    let output = try outputLabels(equation, hiddenCount, extents)

    var result = operands[0]
    for (index, operand) in operands.enumerated().dropFirst() {
      let later = Set(operands[(index + 1)...].flatMap(\.labels)).union(output)
      result = try contract(result, operand, keeping: later)
    }
    result = try sum(result, keeping: Set(output))
    let order = output.compactMap { result.labels.firstIndex(of: $0) }
    if order == Array(result.labels.indices) {
      return result.tensor === tensors[0] ? try alias(result.tensor) : result.tensor
    }
    return try permute(result.tensor, order)
  }

  private func outputLabels(
    _ equation: EinsumEquation, _ hiddenCount: Int, _ extents: [Int: Int]
  ) throws(Interruption) -> [Int] {
    let hidden = Array(-hiddenCount..<0)
    guard let terms = equation.output else {
      var counts: [Int: Int] = [:]
      for case .label(let label) in equation.operands.joined() { counts[label, default: 0] += 1 }
      return hidden + counts.filter { $0.value == 1 }.keys.sorted()
    }
    var output: [Int] = []
    for term in terms {
      guard case .label(let label) = term else {
        output += hidden
        continue
      }
      guard extents[label] != nil else {
        throw einsumError("an output subscript does not appear in the equation for any input operand")
      }
      guard !output.contains(label) else {
        throw einsumError("an output subscript appears more than once in the output")
      }
      output.append(label)
    }
    return output
  }

  /// The diagonal over dimensions with the same label.
  private func diagonal(_ operand: LabelledTensor) throws(Interruption) -> LabelledTensor {
    var (tensor, labels) = (operand.tensor, operand.labels)
    while let second = labels.indices.first(where: { labels[..<$0].contains(labels[$0]) }),
      let first = labels.firstIndex(of: labels[second])
    {
      guard tensor.shape[first] == tensor.shape[second] else {
        throw einsumError(
          "a subscript is repeated for an operand but the sizes don't match, \(tensor.shape[second]) != "
            + "\(tensor.shape[first])")
      }
      tensor = try diagonal(tensor, 0, first, second)
      let label = labels.remove(at: second)
      labels.remove(at: first)
      labels.append(label)
    }
    return LabelledTensor(tensor: tensor, labels: labels)
  }

  /// Sums over the labels that are no longer needed.
  private func sum(_ operand: LabelledTensor, keeping: Set<Int>) throws(Interruption) -> LabelledTensor {
    let axes = operand.labels.indices.filter { !keeping.contains(operand.labels[$0]) }
    if axes.isEmpty { return operand }
    return LabelledTensor(
      tensor: try reduce(.sum, operand.tensor, axes, keeps: false),
      labels: operand.labels.filter { keeping.contains($0) })
  }

  /// The product of two operands, summed over the labels that are not kept: a batched matrix product.
  private func contract(
    _ left: LabelledTensor, _ right: LabelledTensor, keeping: Set<Int>
  ) throws(Interruption) -> LabelledTensor {
    let left = try sum(left, keeping: keeping.union(right.labels))
    let right = try sum(right, keeping: keeping.union(left.labels))
    let shared = left.labels.filter { right.labels.contains($0) }
    let summed = shared.filter { !keeping.contains($0) }
    if summed.isEmpty {
      // Without a sum it is an elementwise product with broadcasting.
      let labels = left.labels + right.labels.filter { !left.labels.contains($0) }
      let product = try elementwise(
        .multiply, try aligned(left, labels), try aligned(right, labels))
      return LabelledTensor(tensor: product, labels: labels)
    }
    let batch = shared.filter { keeping.contains($0) }
    let rows = left.labels.filter { !shared.contains($0) }
    let columns = right.labels.filter { !shared.contains($0) }
    var extents: [Int: Int] = [:]
    for operand in [left, right] {
      for (label, extent) in zip(operand.labels, operand.tensor.shape) {
        extents[label] = max(extents[label] ?? 1, extent)
      }
    }
    let (a, isTransposed) = try matrices(left, batch, rows, summed, extents)
    let (b, isNatural) = try matrices(right, batch, columns, summed, extents)
    let product = try apply(
      .matrixMultiply(transposeLeft: isTransposed, transposeRight: !isNatural), a, b,
      dataType: DataType.promoted(a.dataType, b.dataType))
    let labels = batch + rows + columns
    return LabelledTensor(
      tensor: try reshape(product, labels.map { extents[$0] ?? 1 }), labels: labels)
  }

  /// An operand as `[batch, free, summed]`, or `[batch, summed, free]` where its dimensions stand so already.
  private func matrices(
    _ operand: LabelledTensor, _ batch: [Int], _ free: [Int], _ summed: [Int], _ extents: [Int: Int]
  ) throws(Interruption) -> (TracedTensor, sumsFirst: Bool) {
    let sumsFirst = operand.labels == batch + summed + free
    let order = sumsFirst ? operand.labels : batch + free + summed
    var tensor = operand.tensor
    if order != operand.labels {
      tensor = try permute(tensor, order.compactMap { operand.labels.firstIndex(of: $0) })
    }
    let full = order.map { extents[$0] ?? 1 }
    if tensor.shape != full { tensor = try expand(tensor, full) }
    func count(_ labels: [Int]) -> Int { labels.reduce(1) { $0 * (extents[$1] ?? 1) } }
    let sides = sumsFirst ? [count(summed), count(free)] : [count(free), count(summed)]
    return (try reshape(tensor, (batch.isEmpty ? [] : [count(batch)]) + sides), sumsFirst)
  }

  /// An operand with dimensions of those labels in their order, of extent 1 where it has none.
  private func aligned(_ operand: LabelledTensor, _ labels: [Int]) throws(Interruption) -> TracedTensor {
    let order = labels.compactMap { operand.labels.firstIndex(of: $0) }
    let tensor =
      order == Array(order.indices) ? operand.tensor : try permute(operand.tensor, order)
    let shape = labels.map { label in
      operand.labels.firstIndex(of: label).map { operand.tensor.shape[$0] } ?? 1
    }
    return shape == tensor.shape ? tensor : try reshape(tensor, shape)
  }
}

/// A tensor with a label for each dimension.
private struct LabelledTensor {
  var tensor: TracedTensor
  var labels: [Int]
}
