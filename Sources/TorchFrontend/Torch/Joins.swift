import NetworkGraph

extension Library {
  /// Joining tensors and taking them apart.
  static let joins: Family = { library in
    library.function(
      "torch.cat", "torch.concat", "torch.concatenate", signature: "(tensors, dim=0, *, out=None)"
    ) { (call) throws(Interruption) in
      .tensor(try call.interpreter.concatenate(try call.tensors("tensors"), try call.int("dim")))
    }
    library.function("torch.stack", signature: "(tensors, dim=0)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.stack(try call.tensors("tensors"), try call.int("dim")))
    }
    let lifted: [(names: [String], axis: Int, rank: Int)] = [
      (["hstack"], 1, 1), (["vstack", "row_stack"], 0, 2), (["dstack"], 2, 3),
    ]
    for (names, axis, rank) in lifted {
      library.add(
        NativeFunction("torch.\(names[0])", "(tensors)") { (call) throws(Interruption) in
          let interpreter = call.interpreter
          var parts: [TracedTensor] = []
          for tensor in try call.tensors("tensors") { parts.append(try interpreter.lifted(tensor, to: rank)) }
          return .tensor(try interpreter.concatenate(parts, parts.first?.rank == 1 ? 0 : axis))
        }, as: names.map { "torch.\($0)" })
    }
    library.function("torch.column_stack", signature: "(tensors)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var parts: [TracedTensor] = []
      for tensor in try call.tensors("tensors") {
        parts.append(tensor.rank > 1 ? tensor : try interpreter.reshape(tensor, [tensor.count, 1]))
      }
      return .tensor(try interpreter.concatenate(parts, 1))
    }
    for (name, rank) in [("atleast_1d", 1), ("atleast_2d", 2), ("atleast_3d", 3)] {
      library.function("torch.\(name)", "torch.functional.\(name)", signature: "(*tensors)") {
        (call) throws(Interruption) in
        let interpreter = call.interpreter
        var results: [PythonValue] = []
        for tensor in try call.restTensors("tensors") {
          results.append(.tensor(try interpreter.lifted(tensor, to: rank)))
        }
        if call.rest.count == 1, results.count == 1, case .tensor = call.rest[0] { return results[0] }
        return try interpreter.tuple(results)
      }
    }
    library.function("torch.chunk", "Tensor.chunk", "torch.unsafe_chunk", signature: "(input, chunks, dim=0)")
    {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      let axis = try interpreter.axis(try call.int("dim"), input.rank)
      let count = try call.int("chunks")
      guard input.rank > 0 else {
        throw interpreter.raise(.runtimeError, "chunk expects at least a 1-dimensional tensor")
      }
      guard count > 0 else {
        throw interpreter.raise(
          .runtimeError, "chunk expects `chunks` to be greater than 0, got: \(count)")
      }
      let extent = input.shape[axis]
      let size = max(1, extent / count + (extent.isMultiple(of: count) ? 0 : 1))
      return try interpreter.split(input, axis, try interpreter.sections(of: extent, by: size))
    }
    library.function(
      "torch.split", "torch.functional.split", "torch.split_with_sizes", "Tensor.split_with_sizes",
      "torch.unsafe_split", "Tensor.unsafe_split",
      signature: "(input, split_size_or_sections, dim=0)"
    ) { (call) throws(Interruption) in
      let input = try call.tensor("input")
      return try call.split(input, call["split_size_or_sections"], try call.int("dim"))
    }
    // The size has another name in each of PyTorch's overloads.
    library.function("Tensor.split", signature: "(input, split_size=None, dim=0, *, split_sizes=None)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      return try call.split(
        input, call.isGiven("split_size") ? call["split_size"] : call["split_sizes"], try call.int("dim"))
    }
    library.function(
      "torch.tensor_split", "Tensor.tensor_split", signature: "(input, indices_or_sections, dim=0)"
    ) { (call) throws(Interruption) in
      let input = try call.tensor("input")
      return try call.tensorSplit(input, call["indices_or_sections"], try call.int("dim"))
    }
    for (name, axis) in [("hsplit", 1), ("vsplit", 0), ("dsplit", 2)] {
      library.function("torch.\(name)", "Tensor.\(name)", signature: "(input, indices_or_sections)") {
        (call) throws(Interruption) in
        let interpreter = call.interpreter
        let input = try call.tensor("input")
        let least = axis == 1 ? 1 : axis == 0 ? 2 : 3
        guard input.rank >= least else {
          throw interpreter.raise(
            .runtimeError,
            "torch.\(name) requires a tensor with at least \(least) dimension\(least > 1 ? "s" : ""), "
              + "but got a tensor with \(input.rank) dimensions!", identifier: "torch.shape")
        }
        let axis = input.rank == 1 ? 0 : axis
        if let count = interpreter.integer(call["indices_or_sections"]) {
          guard count > 0, input.shape[axis].isMultiple(of: count) else {
            throw interpreter.raise(
              .runtimeError,
              "torch.\(name) attempted to split along dimension \(axis), but the size of the "
                + "dimension \(input.shape[axis]) is not divisible by the split_size \(count)!",
              identifier: "torch.shape")
          }
        }
        return try call.tensorSplit(input, call["indices_or_sections"], axis)
      }
    }
    library.function("torch.unbind", "Tensor.unbind", signature: "(input, dim=0)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      guard input.rank > 0 else {
        throw call.interpreter.raise(
          .indexError, "Dimension specified as \(try call.int("dim")) but tensor has no dimensions",
          identifier: "torch.dimension")
      }
      let parts = try call.interpreter.unbind(input, try call.int("dim"))
      return try call.interpreter.tuple(parts.map { .tensor($0) })
    }
    library.function("torch.block_diag", "torch.functional.block_diag", signature: "(*tensors)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      var blocks: [TracedTensor] = []
      for tensor in try call.restTensors("tensors") {
        guard tensor.rank <= 2 else {
          throw interpreter.raise(
            .runtimeError,
            "torch.block_diag: Input tensors must have 2 or fewer dimensions. Got a tensor with "
              + "\(tensor.rank) dimensions", identifier: "torch.shape")
        }
        blocks.append(try interpreter.lifted(tensor, to: 2))
      }
      let width = blocks.reduce(0) { $0 + $1.shape[1] }
      var rows: [TracedTensor] = []
      var left = 0
      for block in blocks {
        let right = width - left - block.shape[1]
        var row: [TracedTensor] = []
        for (index, columns) in [left, 0, right].enumerated() {
          if index == 1 {
            row.append(block)
          } else if columns > 0 {
            row.append(try interpreter.tensor(.fill(0), [block.shape[0], columns], block.dataType))
          }
        }
        rows.append(try interpreter.concatenate(row, 1))
        left += block.shape[1]
      }
      return .tensor(try interpreter.concatenate(rows, 0))
    }
    library.function("torch.cartesian_prod", "torch.functional.cartesian_prod", signature: "(*tensors)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let tensors = try call.restTensors("tensors")
      for tensor in tensors where tensor.rank != 1 {
        throw interpreter.raise(
          .runtimeError, "Expect a 1D vector, but got shape \(tensor.shape)", identifier: "torch.shape")
      }
      if tensors.count == 1 { return .tensor(tensors[0]) }
      let shape = tensors.map { $0.shape[0] }
      var columns: [TracedTensor] = []
      for (index, tensor) in tensors.enumerated() {
        var place = [Int](repeating: 1, count: shape.count)
        place[index] = shape[index]
        let grid = try interpreter.expand(try interpreter.reshape(tensor, place), shape)
        columns.append(try interpreter.reshape(grid, [shape.reduce(1, *)]))
      }
      return .tensor(try interpreter.stack(columns, 1))
    }
  }
}

extension NativeCall {
  /// `split`: into parts of a size, or of sizes that sum to the extent.
  fileprivate func split(
    _ input: TracedTensor, _ sizes: PythonValue, _ dimension: Int
  ) throws(Interruption) -> PythonValue {
    let axis = try interpreter.axis(dimension, input.rank)
    guard input.rank > 0 else {
      throw interpreter.raise(.runtimeError, "split expects at least a 1-dimensional tensor")
    }
    let extent = input.shape[axis]
    if let size = interpreter.integer(sizes) {
      guard size > 0 else {
        throw interpreter.raise(
          .runtimeError, "split expects split_size be non-negative, but got split_size=\(size)")
      }
      return try interpreter.split(input, axis, try interpreter.sections(of: extent, by: size))
    }
    let sections = try ints(sizes, "split_size_or_sections")
    var sum = 0
    for section in sections where section >= 0 && section <= extent { sum += section }
    guard sum == extent, sections.allSatisfy({ $0 >= 0 && $0 <= extent }) else {
      throw interpreter.raise(
        .runtimeError,
        "split_with_sizes expects split_sizes to sum exactly to \(extent) (input tensor's size at dimension "
          + "\(axis)), but got split_sizes=\(sections)", identifier: "torch.shape")
    }
    return try interpreter.split(input, axis, sections)
  }

  /// `tensor_split`: into nearly equal parts, or at indices.
  fileprivate func tensorSplit(
    _ input: TracedTensor, _ places: PythonValue, _ dimension: Int
  ) throws(Interruption) -> PythonValue {
    guard input.rank > 0 else {
      throw interpreter.raise(
        .runtimeError, "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    }
    let axis = try interpreter.axis(dimension, input.rank)
    let extent = input.shape[axis]
    if let count = interpreter.integer(places) {
      guard count > 0 else {
        throw interpreter.raise(.runtimeError, "number of sections must be larger than 0, got \(count)")
      }
      try interpreter.reserve(count)
      let sizes = (0..<count).map { extent / count + ($0 < extent % count ? 1 : 0) }
      return try interpreter.split(input, axis, sizes)
    }
    var indices: [Int] = []
    for index in try ints(places, "indices_or_sections") {
      indices.append(min(max(index < 0 ? index + extent : index, 0), extent))
    }
    let sizes = zip([0] + indices, indices + [extent]).map { max(0, $1 - $0) }
    guard zip(indices, indices.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw interpreter.unsupported("tensor_split at indices that do not ascend is not supported")
    }
    return try interpreter.split(input, axis, sizes)
  }
}

extension Interpreter {
  /// An extent in sections of a size, of which the last may be smaller.
  func sections(of extent: Int, by size: Int) throws(Interruption) -> [Int] {
    try reserve(extent / size)
    return extent == 0 ? [0] : stride(from: 0, to: extent, by: size).map { min(size, extent - $0) }
  }

  /// A tensor with at least so many dimensions, as NumPy's `atleast_…` adds them.
  fileprivate func lifted(_ tensor: TracedTensor, to rank: Int) throws(Interruption) -> TracedTensor {
    var shape = tensor.shape
    guard shape.count < rank else { return tensor }
    if shape.isEmpty { shape = [1] }
    if shape.count < rank, shape.count == 1, rank >= 2 { shape.insert(1, at: 0) }
    while shape.count < rank { shape.append(1) }
    return try reshape(tensor, shape)
  }
  /// Tensors of one shape joined along a new dimension.
  func stack(_ tensors: [TracedTensor], _ dimension: Int) throws(Interruption) -> TracedTensor {
    guard let first = tensors.first else {
      throw raise(.runtimeError, "stack expects a non-empty TensorList")
    }
    let axis = try axis(dimension, first.rank + 1)
    var parts: [TracedTensor] = []
    for (index, tensor) in tensors.enumerated() {
      guard tensor.shape == first.shape else {
        throw raise(
          .runtimeError,
          "stack expects each tensor to be equal size, but got \(first.shape) at entry 0 and \(tensor.shape) "
            + "at entry \(index)", identifier: "torch.shape")
      }
      var shape = tensor.shape
      shape.insert(1, at: axis)
      parts.append(try reshape(tensor, shape))
    }
    return try concatenate(parts, axis)
  }
}
