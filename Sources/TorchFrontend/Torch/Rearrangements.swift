import NetworkGraph

extension Library {
  /// Repeating, turning round and shifting elements, and making diagonals of them.
  static let rearrangements: Family = { library in
    library.function("Tensor.repeat", signature: "(input, *repeats, **kwargs)") {
      (call) throws(Interruption) in
      .tensor(try call.interpreter.tile(try call.tensor("input"), try call.restInts("repeats")))
    }
    library.function("torch.tile", "Tensor.tile", signature: "(input, *dims, **kwargs)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      let counts = try call.restInts("dims")
      let missing = max(0, input.rank - counts.count)
      return .tensor(try call.interpreter.tile(input, [Int](repeating: 1, count: missing) + counts))
    }
    library.function(
      "torch.repeat_interleave", "Tensor.repeat_interleave",
      signature: "(input, repeats, dim=None, *, output_size=None)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var input = try call.tensor("input")
      let dimension = try call.optionalInt("dim")
      if dimension == nil { input = try interpreter.reshape(input, [input.count]) }
      let axis = try interpreter.axis(dimension ?? 0, input.rank)
      if input.rank == 0 { input = try interpreter.reshape(input, [1]) }
      var counts: [Int]
      if case .tensor(let repeats) = call["repeats"] {
        guard let known = try interpreter.knownValues(repeats), !repeats.dataType.isFloating,
          repeats.rank <= 1
        else {
          throw interpreter.unsupported("repeat_interleave by a tensor of the network is not supported")
        }
        counts = known.map { Int($0) }
      } else {
        counts = [try call.int("repeats")]
      }
      guard counts.allSatisfy({ $0 >= 0 }) else {
        throw interpreter.raise(.runtimeError, "repeats can not be negative")
      }
      guard counts.count == 1 || counts.count == input.shape[axis] else {
        throw interpreter.raise(
          .runtimeError,
          "repeats must have the same size as input along dim, but got repeats.size(0) = "
            + "\(counts.count) and input.size(\(axis)) = \(input.shape[axis])", identifier: "torch.shape")
      }
      if counts.count == 1 {
        var spread = input.shape
        spread.insert(1, at: axis + 1)
        var target = spread
        target[axis + 1] = counts[0]
        let repeated = try interpreter.expand(try interpreter.reshape(input, spread), target)
        var shape = input.shape
        shape[axis] = input.shape[axis] * counts[0]
        return .tensor(try interpreter.reshape(repeated, shape))
      }
      var indices: [Int] = []
      for (index, count) in counts.enumerated() {
        try interpreter.reserve(count)
        indices += [Int](repeating: index, count: count)
      }
      return .tensor(try interpreter.take(input, axis, indices))
    }
    library.function("torch.flip", "Tensor.flip", signature: "(input, *dims, **kwargs)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      let dims = try call.restInts("dims")
      if dims.isEmpty { return .tensor(try call.interpreter.copied(input)) }
      return .tensor(try call.interpreter.flipped(input, try call.interpreter.axes(dims, input.rank)))
    }
    for (name, axis) in [("fliplr", 1), ("flipud", 0)] {
      library.function("torch.\(name)", "Tensor.\(name)", signature: "(input)") {
        (call) throws(Interruption) in
        let input = try call.tensor("input")
        guard input.rank > axis else {
          throw call.interpreter.raise(
            .runtimeError, "Input must be >= \(axis + 1)-d.", identifier: "torch.shape")
        }
        return .tensor(try call.interpreter.flipped(input, [axis]))
      }
    }
    library.function("torch.rot90", "Tensor.rot90", signature: "(input, k=1, dims=None)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      let dims = try call.optionalInts("dims") ?? [0, 1]
      guard dims.count == 2, input.rank >= 2 else {
        throw interpreter.raise(
          .runtimeError,
          "expected total rotation dims == 2 and total dims >= 2, but got dims = \(dims.count) and "
            + "\(input.rank)", identifier: "torch.dimension")
      }
      let (first, second) = (
        try interpreter.axis(dims[0], input.rank), try interpreter.axis(dims[1], input.rank)
      )
      guard first != second else {
        throw interpreter.raise(
          .runtimeError,
          "expected rotation dims to be different, but got dim0 = \(dims[0]) and dim1 = \(dims[1])",
          identifier: "torch.dimension")
      }
      let turns = (try call.int("k") % 4 + 4) % 4
      switch turns {
      case 0: return .tensor(try interpreter.copied(input))
      case 2: return .tensor(try interpreter.flipped(input, [first, second]))
      default:
        let flipped = try interpreter.flipped(input, [turns == 1 ? second : first])
        return .tensor(try interpreter.transposed(flipped, first, second))
      }
    }
    library.function("torch.roll", "Tensor.roll", signature: "(input, shifts, dims=None)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      let shifts = try call.ints("shifts")
      let dims = try call.optionalInts("dims") ?? []
      guard !dims.isEmpty || shifts.count == 1 else {
        throw interpreter.raise(
          .runtimeError, "shifts and dimensions must align. shifts: \(shifts.count), dims:\(dims.count)")
      }
      if dims.isEmpty {
        let flat = try interpreter.reshape(input, [input.count])
        return .tensor(try interpreter.reshape(try interpreter.rolled(flat, shifts[0], 0), input.shape))
      }
      guard shifts.count == dims.count else {
        throw interpreter.raise(
          .runtimeError, "shifts and dimensions must align. shifts: \(shifts.count), dims:\(dims.count)")
      }
      var result = input
      for (shift, dimension) in zip(shifts, dims) {
        let axis = try interpreter.axis(dimension, result.rank)
        if result.rank > 0 { result = try interpreter.rolled(result, shift, axis) }
      }
      return .tensor(result === input ? try interpreter.copied(input) : result)
    }
    for (name, isLower) in [("tril", true), ("triu", false)] {
      library.pointwise([name], "(input, diagonal=0)") { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let input = try call.tensor("input")
        guard input.rank >= 2 else {
          throw interpreter.raise(
            .runtimeError, "\(name): input tensor must have at least 2 dimensions", identifier: "torch.shape")
        }
        let (rows, columns) = (input.shape[input.rank - 2], input.shape[input.rank - 1])
        let offset = min(max(try call.int("diagonal"), -rows), columns)
        try interpreter.reserve(rows * columns)
        let mask = (0..<(rows * columns)).map { place -> Double in
          let distance = place % columns - place / columns
          return (isLower ? distance <= offset : distance >= offset) ? 1 : 0
        }
        let isKept = try interpreter.tensor(.values(mask), [rows, columns], .bool)
        return try interpreter.choose(
          isKept, input, try interpreter.scalar(0, input.dataType), type: input.dataType)
      }
    }
    library.function("torch.diag", "Tensor.diag", signature: "(input, diagonal=0)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      let offset = try call.int("diagonal")
      switch input.rank {
      case 1: return .tensor(try call.interpreter.diagonalMatrix(input, offset, -2, -1))
      case 2: return .tensor(try call.interpreter.copied(try call.interpreter.diagonal(input, offset, 0, 1)))
      default:
        throw call.interpreter.raise(
          .runtimeError, "diag(): Supports 1D or 2D tensors. Got \(input.rank)D", identifier: "torch.shape")
      }
    }
    library.function("torch.diagflat", "Tensor.diagflat", signature: "(input, offset=0)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      return .tensor(
        try call.interpreter.diagonalMatrix(
          try call.interpreter.reshape(input, [input.count]), try call.int("offset"), -2, -1))
    }
    library.function(
      "torch.diag_embed", "Tensor.diag_embed", signature: "(input, offset=0, dim1=-2, dim2=-1)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.diagonalMatrix(
          try call.tensor("input"), try call.int("offset"), try call.int("dim1"), try call.int("dim2")))
    }
    library.function("torch.trace", "Tensor.trace", signature: "(input)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      guard input.rank == 2 else {
        throw interpreter.raise(
          .runtimeError, "trace: expected a matrix, but got tensor with dim \(input.rank)")
      }
      return .tensor(
        try interpreter.reduce(.sum, try interpreter.diagonal(input, 0, 0, 1), nil, keeps: false))
    }
    library.function("Tensor.unfold", signature: "(input, dimension, size, step)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      var input = try call.tensor("input")
      let (size, step) = (try call.int("size"), try call.int("step"))
      let axis = try interpreter.axis(try call.int("dimension"), input.rank)
      if input.rank == 0 { input = try interpreter.reshape(input, [1]) }
      guard size >= 0, size <= input.shape[axis] else {
        throw interpreter.raise(
          .runtimeError,
          "maximum size for tensor at dimension \(axis) is \(input.shape[axis]) but size is \(size)",
          identifier: "torch.shape")
      }
      guard step > 0 else { throw interpreter.raise(.runtimeError, "step is \(step) but must be > 0") }
      return .tensor(try interpreter.windows(input, axis, size, step))
    }
  }
}

extension Interpreter {
  /// A new tensor of the same elements, where PyTorch copies.
  func copied(_ input: TracedTensor) throws(Interruption) -> TracedTensor {
    try tensor(try content(input), input.shape, input.dataType)
  }

  func flipped(_ input: TracedTensor, _ axes: [Int]) throws(Interruption) -> TracedTensor {
    var result = input
    for axis in axes where result.shape[axis] > 1 {
      try reserve(result.shape[axis])
      result = try take(result, axis, Array((0..<result.shape[axis]).reversed()))
    }
    return result === input ? try copied(input) : result
  }

  fileprivate func rolled(
    _ input: TracedTensor, _ shift: Int, _ axis: Int
  ) throws(Interruption) -> TracedTensor {
    let extent = input.shape[axis]
    guard extent > 0 else { return input }
    let place = (shift % extent + extent) % extent
    guard place != 0 else { return input }
    let (tail, head) = (
      try slice(input, axis, extent - place, extent), try slice(input, axis, 0, extent - place)
    )
    return try concatenate([tail, head], axis)
  }

  /// Zeros with the last dimension of the input on a diagonal of two new ones.
  func diagonalMatrix(
    _ input: TracedTensor, _ offset: Int, _ first: Int, _ second: Int
  ) throws(Interruption) -> TracedTensor {
    let rank = input.rank + 1
    guard let length = input.shape.last else {
      throw raise(.runtimeError, "diag_embed needs at least one dimension", identifier: "torch.shape")
    }
    let (rows, columns) = (try axis(first, rank), try axis(second, rank))
    guard rows != columns else {
      throw raise(
        .runtimeError, "diagonal dimensions cannot be identical \(first), \(second)",
        identifier: "torch.dimension")
    }
    guard offset.magnitude <= limits.collectionSize else {
      throw exhausted("a diagonal at \(offset) is too far out", "limit.tensor")
    }
    let side = length + abs(offset)
    let leading = Array(input.shape.dropLast())
    try checkShape(leading + [side, side])
    // Each element, then as many zeros as lie between two of the diagonal, then cut to a square.
    var flat = try reshape(input, leading + [length, 1])
    if side > 0 {
      let gap = try tensor(.fill(0), leading + [length, side], input.dataType)
      flat = try concatenate([flat, gap], leading.count + 1)
    }
    flat = try reshape(flat, leading + [length * (side + 1)])
    let start = offset >= 0 ? offset : -offset * side
    let rest = side * side - start
    if flat.shape[leading.count] > rest { flat = try slice(flat, leading.count, 0, rest) }
    var parts = [flat]
    if start > 0 { parts.insert(try tensor(.fill(0), leading + [start], input.dataType), at: 0) }
    let missing = rest - flat.shape[leading.count]
    if missing > 0 { parts.append(try tensor(.fill(0), leading + [missing], input.dataType)) }
    let matrix = try reshape(try concatenate(parts, leading.count), leading + [side, side])
    var order = Array(0..<(rank - 2))
    for (axis, source) in [(rows, rank - 2), (columns, rank - 1)].sorted(by: { $0.0 < $1.0 }) {
      order.insert(source, at: axis)
    }
    return order == Array(0..<rank) ? matrix : try permute(matrix, order)
  }

  /// All windows of an axis as a new last dimension.
  fileprivate func windows(
    _ input: TracedTensor, _ axis: Int, _ size: Int, _ step: Int
  ) throws(Interruption) -> TracedTensor {
    let count = (input.shape[axis] - size) / step + 1
    var shape = input.shape
    shape[axis] = count
    try checkShape(shape + [size])
    var order = Array(0...input.rank)
    order.remove(at: axis + 1)
    order.append(axis + 1)
    if size == step {
      // Windows side by side are a reshape.
      var split = input.shape
      split.replaceSubrange(axis...axis, with: [count, size])
      return try permute(try reshape(try slice(input, axis, 0, count * size), split), order)
    }
    var offsets: [TracedTensor] = []
    for offset in 0..<size {
      offsets.append(try slice(input, axis, offset, offset + (count - 1) * step + 1, step))
    }
    return try stack(offsets, -1)
  }
}
