import NetworkGraph
import PythonSyntax

extension Library {
  /// Reading and writing elements at places that tensors of indices name.
  static let gathering: Family = { library in
    library.function(
      "torch.gather", "Tensor.gather", signature: "(input, dim, index, *, sparse_grad=False, out=None)"
    ) { (call) throws(Interruption) in
      let (input, index) = (try call.tensor("input"), try call.tensor("index"))
      let axis = try call.interpreter.axis(try call.int("dim"), input.rank)
      try call.interpreter.checkIndices(index, input, axis, ranksMatch: true)
      return .tensor(try call.interpreter.gathered(input, axis, index))
    }
    library.function(
      "torch.take_along_dim", "Tensor.take_along_dim", signature: "(input, indices, dim=None)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var (input, indices) = (try call.tensor("input"), try call.tensor("indices"))
      guard let dimension = try call.optionalInt("dim") else {
        input = try interpreter.reshape(input, [input.count])
        indices = try interpreter.reshape(indices, [indices.count])
        try interpreter.checkIndices(indices, input, 0, ranksMatch: true)
        return .tensor(try interpreter.gathered(input, 0, indices))
      }
      let axis = try interpreter.axis(dimension, input.rank)
      guard input.rank == indices.rank, input.rank > 0 else {
        throw interpreter.raise(
          .runtimeError,
          "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            + "but got \(input.rank) dimensions for input, and \(indices.rank) dimensions for indices",
          identifier: "torch.shape")
      }
      var (whole, places) = (input.shape, indices.shape)
      (whole[axis], places[axis]) = (1, 1)
      var shape = try interpreter.broadcast([whole, places])
      shape[axis] = input.shape[axis]
      input = try interpreter.expand(input, shape)
      shape[axis] = indices.shape[axis]
      indices = try interpreter.expand(indices, shape)
      try interpreter.checkIndices(indices, input, axis, ranksMatch: true)
      return .tensor(try interpreter.gathered(input, axis, indices))
    }
    library.function("torch.index_select", "Tensor.index_select", signature: "(input, dim, index)") {
      (call) throws(Interruption) in
      let (input, index) = (try call.tensor("input"), try call.tensor("index"))
      return .tensor(try call.interpreter.indexSelected(input, try call.int("dim"), index))
    }
    library.function("torch.take", "Tensor.take", signature: "(input, index)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (input, index) = (try call.tensor("input"), try call.tensor("index"))
      let flat = try interpreter.reshape(input, [input.count])
      let chosen = try interpreter.indexSelected(flat, 0, try interpreter.reshape(index, [index.count]))
      return .tensor(try interpreter.reshape(chosen, index.shape))
    }
    library.function("torch.masked_select", "Tensor.masked_select", signature: "(input, mask)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (input, mask) = (try call.tensor("input"), try call.tensor("mask"))
      guard mask.dataType == .bool else {
        throw interpreter.raise(.runtimeError, "masked_select: expected BoolTensor for mask")
      }
      let shape = try interpreter.broadcast([input.shape, mask.shape])
      guard let known = try interpreter.knownValues(try interpreter.expand(mask, shape)) else {
        throw interpreter.unsupported(
          "masked_select by a mask of the network is not supported: its shape depends on the input",
          hint: "use torch.where or masked_fill")
      }
      let flat = try interpreter.reshape(try interpreter.expand(input, shape), [known.count])
      return .tensor(try interpreter.take(flat, 0, known.indices.filter { known[$0] != 0 }))
    }
    library.function("torch.nonzero", "Tensor.nonzero", signature: "(input, *, as_tuple=False)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let places = try interpreter.places(try call.tensor("input"))
      if try call.bool("as_tuple") { return places }
      var columns: [TracedTensor] = []
      for value in try interpreter.elements(of: places) { columns.append(try call.tensor(value, "input")) }
      return .tensor(try interpreter.stack(columns, 1))
    }
    library.function("torch.argwhere", "Tensor.argwhere", signature: "(input)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      var columns: [TracedTensor] = []
      for value in try interpreter.elements(of: try interpreter.places(try call.tensor("input"))) {
        columns.append(try call.tensor(value, "input"))
      }
      return .tensor(try interpreter.stack(columns, 1))
    }
    library.pointwise(["scatter"], "(input, dim, index, src=None, *, value=None, reduce=None)") {
      (call) throws(Interruption) in
      let source = call.isGiven("value") ? call["value"] : call["src"]
      guard call.interpreter.isNone(call["reduce"]) else {
        guard case .string("add") = call["reduce"] else {
          throw call.interpreter.unsupported(
            "scatter with this reduction is not supported", hint: "use scatter_add")
        }
        return try call.scattered(source, isSum: true)
      }
      return try call.scattered(source, isSum: false)
    }
    library.pointwise(["scatter_add"], "(input, dim, index, src)") { (call) throws(Interruption) in
      try call.scattered(call["src"], isSum: true)
    }
    library.pointwise(["index_add"], "(input, dim, index, source, *, alpha=1)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (input, index) = (try call.tensor("input"), try call.tensor("index"))
      var source = try call.tensor("source")
      let axis = try interpreter.axis(try call.int("dim"), input.rank)
      try interpreter.checkIndices(index, input, axis, ranksMatch: false)
      var shape = input.shape
      if !shape.isEmpty { shape[axis] = index.count }
      guard source.shape == shape, index.rank == 1 else {
        throw interpreter.raise(
          .runtimeError,
          "index_add_(): Number of indices (\(index.count)) should be equal to source.size(dim), "
            + "and the other sizes must match: \(source.shape) for \(input.shape)", identifier: "torch.shape")
      }
      if interpreter.double(call["alpha"]) != 1 {
        source = try call.tensor(try interpreter.binary(.multiply, .tensor(source), call["alpha"]), "alpha")
      }
      let sum = try interpreter.apply(
        .takeGradient(axis: axis, inputShape: input.shape), [source, index], dataType: input.dataType)
      return try interpreter.elementwise(.add, input, sum)
    }
    for (name, parameter) in [("index_fill", "value"), ("index_copy", "source")] {
      library.pointwise([name], "(input, dim, index, \(parameter))") { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let (input, index) = (try call.tensor("input"), try call.tensor("index"))
        let axis = try interpreter.axis(try call.int("dim"), input.rank)
        try interpreter.checkIndices(index, input, axis, ranksMatch: false)
        guard input.rank > 0, index.rank <= 1 else {
          throw interpreter.raise(
            .indexError, "\(name)_(): Index is supposed to be a vector, but got dim: \(index.rank)")
        }
        // Which of the axis's places are named, by the last source for each.
        guard let known = try interpreter.knownValues(index) else {
          throw interpreter.unsupported("\(name) at places of the network is not supported")
        }
        try interpreter.reserve(input.shape[axis])
        var sources = [Int?](repeating: nil, count: input.shape[axis])
        for (position, place) in known.enumerated() { sources[Int(place)] = position }
        var shape = [Int](repeating: 1, count: input.rank)
        shape[axis] = sources.count
        let mask = try interpreter.tensor(.values(sources.map { $0 == nil ? 0 : 1 }), shape, .bool)
        if name == "index_fill" {
          let value = try interpreter.tensorOperand(call["value"], like: input)
          return try interpreter.choose(mask, value, input, type: input.dataType)
        }
        let source = try call.tensor("source")
        let spread = try interpreter.take(source, axis, sources.map { $0 ?? 0 })
        return try interpreter.choose(mask, spread, input, type: input.dataType)
      }
    }
  }
}

extension NativeCall {
  /// `scatter` and `scatter_add` by the arguments `input`, `dim` and `index`.
  ///
  /// Where two indices name one place, PyTorch takes either source for `scatter`; the result is undefined there.
  fileprivate func scattered(_ source: PythonValue, isSum: Bool) throws(Interruption) -> TracedTensor {
    let (input, index) = (try tensor("input"), try tensor("index"))
    let axis = try interpreter.axis(try int("dim"), input.rank)
    try interpreter.checkIndices(index, input, axis, ranksMatch: true)
    var values: TracedTensor
    if case .tensor(let given) = source, given.rank > 0 || input.rank == 0 {
      guard given.dataType == input.dataType else {
        throw interpreter.raise(
          .runtimeError, "scatter(): Expected self.dtype to be equal to src.dtype",
          hint: "they are \(input.dataType.rawValue) and \(given.dataType.rawValue)")
      }
      guard given.rank == index.rank, zip(index.shape, given.shape).allSatisfy({ $0 <= $1 }) else {
        throw interpreter.raise(
          .runtimeError,
          "Expected index \(index.shape) to be smaller than src \(given.shape) apart from dimension "
            + "\(axis)", identifier: "torch.shape")
      }
      values = given
      for (axis, extent) in index.shape.enumerated() where given.shape[axis] > extent {
        values = try interpreter.slice(values, axis, 0, extent)
      }
    } else {
      let number = try interpreter.tensorOperand(source, like: input)
      values = try interpreter.expand(try interpreter.cast(number, input.dataType), index.shape)
    }
    if let known = try interpreter.scatteredKnown(input, axis, index, values, isSum: isSum) { return known }
    let operation = Operation.gatherGradient(axis: axis, inputShape: input.shape)
    let sum = try interpreter.apply(operation, [values, index], dataType: input.dataType)
    if isSum { return try interpreter.elementwise(.add, input, sum) }
    let ones = try interpreter.tensor(.fill(1), index.shape, input.dataType)
    let hits = try interpreter.apply(operation, [ones, index], dataType: input.dataType)
    let isHit = try interpreter.truth(hits)
    // A number is put there however often the place is named.
    if case .fill = try interpreter.content(values) {
      let number = try interpreter.slice(
        try interpreter.reshape(values, [values.count]), 0, 0, 1)
      return try interpreter.choose(isHit, try interpreter.reshape(number, []), input, type: input.dataType)
    }
    return try interpreter.choose(isHit, sum, input, type: input.dataType)
  }
}

extension Interpreter {
  /// Makes sure that indices are integers, of the right rank, and, where they are known, within the axis.
  func checkIndices(
    _ index: TracedTensor, _ input: TracedTensor, _ axis: Int, ranksMatch: Bool
  ) throws(Interruption) {
    guard index.dataType == .int64 || (!ranksMatch && index.dataType == .int32) else {
      throw raise(
        .runtimeError, "expected dtype int64 for index, but got \(index.dataType.rawValue)",
        hint: "use .long()")
    }
    if ranksMatch {
      guard index.rank == input.rank else {
        throw raise(
          .runtimeError, "Index tensor must have the same number of dimensions as input tensor",
          hint: "the shapes are \(index.shape) and \(input.shape)", identifier: "torch.shape")
      }
      for other in input.shape.indices where other != axis && index.shape[other] > input.shape[other] {
        throw raise(
          .runtimeError,
          "Size does not match at dimension \(other) expected index \(index.shape) to be smaller than "
            + "self \(input.shape) apart from dimension \(axis)", identifier: "torch.shape")
      }
    }
    let extent = input.rank == 0 ? 1 : input.shape[axis]
    if let known = try knownValues(index),
      let outside = known.first(where: { $0 < 0 || $0 >= Double(extent) })
    {
      throw raise(
        ranksMatch ? .runtimeError : .indexError,
        "index \(Int(outside)) is out of bounds for dimension \(axis) with size \(extent)",
        identifier: "torch.dimension")
    }
  }

  /// Elements whose coordinate along the axis is the index.
  func gathered(
    _ input: TracedTensor, _ axis: Int, _ index: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    if input.rank == 0 { return try copied(input) }
    return try apply(.gather(axis: axis), [input, index], dataType: input.dataType)
  }

  fileprivate func indexSelected(
    _ input: TracedTensor, _ dimension: Int, _ index: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    guard index.rank <= 1 else {
      throw raise(.indexError, "index_select(): Index is supposed to be a vector, but got dim: \(index.rank)")
    }
    let axis = try axis(dimension, input.rank)
    try checkIndices(index, input, axis, ranksMatch: false)
    if input.rank == 0 { return try copied(input) }
    let places = try reshape(index, [index.count])
    return try apply(.take(axis: axis), [input, places], dataType: input.dataType)
  }

  /// What scattering known elements gives; nil where something is not known.
  fileprivate func scatteredKnown(
    _ input: TracedTensor, _ axis: Int, _ index: TracedTensor, _ source: TracedTensor, isSum: Bool
  ) throws(Interruption) -> TracedTensor? {
    guard input.rank > 0, let places = try knownValues(index), let values = try knownValues(source),
      var result = try knownValues(input)
    else { return nil }
    try spend(places.count)
    let strides = Self.rowMajorStrides(input.shape)
    let inner = Self.rowMajorStrides(index.shape)
    for position in places.indices {
      var offset = Int(places[position]) * strides[axis]
      for other in index.shape.indices where other != axis {
        offset += position / inner[other] % index.shape[other] * strides[other]
      }
      result[offset] = isSum ? result[offset] + values[position] : values[position]
    }
    return try tensor(.values(try rounded(result, input.dataType)), input.shape, input.dataType)
  }
}
