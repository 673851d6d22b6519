import NetworkGraph

/// What a subscript of a tensor selects.
struct TensorSubscript {
  /// What integers, slices, `...` and None make of the tensor: a view.
  var view: TracedTensor
  /// The tensors of indices, each with the dimension of the view that it replaces; of masks, the first of theirs.
  var indices: [(axis: Int, index: TracedTensor)] = []
  /// Whether the indices stand side by side, so that what they select stays in their place.
  var isAdjacent = true
}

extension Interpreter {
  /// `tensor[key]`: a view, or a copy where tensors of indices or masks select.
  func subscripted(_ input: TracedTensor, _ key: PythonValue) throws(Interruption) -> TracedTensor {
    let selection = try select(input, key)
    if selection.indices.isEmpty {
      return selection.view === input ? try alias(input) : selection.view
    }
    var indices: [(axis: Int, index: TracedTensor)] = []
    for (axis, index) in selection.indices { indices += try places(index, axis, of: selection.view) }
    return try taken(selection.view, indices, isAdjacent: selection.isAdjacent)
  }

  // MARK: Views

  /// Takes a subscript apart.
  func select(_ input: TracedTensor, _ key: PythonValue) throws(Interruption) -> TensorSubscript {
    var keys: [PythonValue] = [key]
    if case .tuple(let tuple) = key { keys = tuple.elements }
    try spend(keys.count)
    for place in keys.indices {
      switch keys[place] {
      case .list, .range, .tuple: keys[place] = .tensor(try indexTensor(keys[place]))
      default: break
      }
    }
    var taken = 0
    for key in keys {
      switch key {
      case .none, .ellipsis, .bool: break
      case .tensor(let index): taken += index.dataType == .bool ? index.rank : 1
      default: taken += 1
      }
    }
    guard taken <= input.rank else {
      throw raise(
        .indexError, "too many indices for tensor of dimension \(input.rank)", identifier: "torch.dimension")
    }
    var result = TensorSubscript(view: input)
    var axis = 0
    /// Whether anything else has come behind the last tensor of indices.
    var isParted = false
    for key in keys {
      switch key {
      case .none, .ellipsis: break
      default:
        // Only a second `...` leads beyond the last dimension.
        guard axis < result.view.rank else {
          throw raise(.indexError, "Dimension out of range", identifier: "torch.dimension")
        }
      }
      switch key {
      case .none:
        guard axis <= result.view.rank else {
          throw raise(.indexError, "Dimension out of range", identifier: "torch.dimension")
        }
        var shape = result.view.shape
        shape.insert(1, at: axis)
        result.view = try reshape(result.view, shape)
        axis += 1
        isParted = true
      case .ellipsis:
        axis += input.rank - taken
        isParted = true
      case .slice(let slice):
        let range = try resolved(slice, result.view.shape[axis])
        guard range.step > 0 else {
          throw raise(.valueError, "step must be greater than zero", identifier: "torch.dimension")
        }
        let end = max(range.start, range.stop)
        result.view = try self.slice(result.view, axis, range.start, end, range.step)
        axis += 1
        isParted = true
      case .int: result.view = try self.select(result.view, axis, key)
      case .bool: throw unsupported("indexing a tensor with True or False is not supported")
      case .tensor(let index):
        guard !index.dataType.isFloating else {
          throw raise(
            .indexError, "tensors used as indices must be long, int, byte or bool tensors",
            identifier: "torch.dtype")
        }
        if index.rank == 0, index.dataType != .bool, try content(index).isKnown {
          result.view = try self.select(result.view, axis, key)
          continue
        }
        if !result.indices.isEmpty, isParted { result.isAdjacent = false }
        isParted = false
        result.indices.append((axis, index))
        axis += index.dataType == .bool ? index.rank : 1
      case .string: throw raise(.typeError, "new(): invalid data type 'str'")
      default:
        throw raise(
          .indexError,
          "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
            + "\(typeName(key)))")
      }
    }
    return result
  }

  /// A sequence of numbers as a tensor of indices.
  private func indexTensor(_ value: PythonValue) throws(Interruption) -> TracedTensor {
    var values: [Double] = []
    var type = DataType.bool
    let shape = try collect(value, &values, &type)
    return try tensor(.values(values), shape, values.isEmpty ? .int64 : type)
  }

  // MARK: Indices

  /// A tensor of indices with none negative, or one for each dimension of a mask.
  func places(
    _ index: TracedTensor, _ axis: Int, of input: TracedTensor
  ) throws(Interruption) -> [(axis: Int, index: TracedTensor)] {
    if index.dataType == .bool {
      try checkMask(index, axis, of: input)
      guard let values = try settledValues(index) else {
        throw unsupported(
          "indexing with a boolean tensor that is only known when the network runs is not supported",
          hint: "use torch.where or masked_fill, which keep the shape")
      }
      var coordinates = [[Double]](repeating: [], count: index.rank)
      let strides = Self.rowMajorStrides(index.shape)
      try reserve(values.count >> 2 + 1)
      for (place, value) in values.enumerated() where value != 0 {
        for axis in index.shape.indices {
          coordinates[axis].append(Double(place / strides[axis] % index.shape[axis]))
        }
      }
      var result: [(axis: Int, index: TracedTensor)] = []
      for (offset, values) in coordinates.enumerated() {
        result.append((axis + offset, try tensor(.values(values), [values.count], .int64)))
      }
      return result
    }
    let extent = input.shape[axis]
    guard let values = try settledValues(index) else {
      let isNegative = try apply(.binary(.less), [index, try scalar(0, index.dataType)])
      let shift = try elementwise(.multiply, isNegative, try scalar(Double(extent), index.dataType))
      return [(axis, try elementwise(.add, index, shift))]
    }
    for value in values where value < Double(-extent) || value >= Double(extent) {
      throw raise(
        .indexError, "index \(Int(value)) is out of bounds for dimension \(axis) with size \(extent)",
        identifier: "torch.dimension")
    }
    guard values.contains(where: { $0 < 0 }) else { return [(axis, index)] }
    return [
      (
        axis,
        try tensor(.values(values.map { $0 < 0 ? $0 + Double(extent) : $0 }), index.shape, index.dataType)
      )
    ]
  }

  func checkMask(_ mask: TracedTensor, _ axis: Int, of input: TracedTensor) throws(Interruption) {
    for (offset, extent) in mask.shape.enumerated() where extent != input.shape[axis + offset] {
      throw raise(
        .indexError,
        "The shape of the mask \(mask.shape) at index \(offset) does not match the shape of the indexed tensor "
          + "\(input.shape) at index \(axis + offset)", identifier: "torch.shape")
    }
    guard mask.rank > 0 else {
      throw unsupported("indexing with a boolean tensor without dimensions is not supported")
    }
  }

  /// What tensors of indices select: an axis for one, one for all of several.
  func taken(
    _ input: TracedTensor, _ indices: [(axis: Int, index: TracedTensor)], isAdjacent: Bool
  ) throws(Interruption) -> TracedTensor {
    let (merged, axis, index) = try merge(input, indices, isAdjacent: isAdjacent)
    if merged.count == 0 || index.count == 0 {
      let shape = merged.shape[..<axis] + index.shape + merged.shape[(axis + 1)...]
      guard index.count == 0 || merged.shape[axis] > 0 else {
        throw raise(
          .indexError, "index is out of bounds for dimension \(axis) with size 0",
          identifier: "torch.dimension")
      }
      return try tensor(.fill(0), Array(shape), input.dataType)
    }
    if index.rank == 1, let values = try knownValues(index), let first = values.first,
      !values.enumerated().contains(where: { $1 != first + Double($0) })
    {
      return try duplicate(try slice(merged, axis, Int(first), Int(first) + values.count))
    }
    return try apply(.take(axis: axis), [merged, index], dataType: input.dataType)
  }

  /// A tensor whose indexed dimensions are one, and the indices into that.
  func merge(
    _ input: TracedTensor, _ indices: [(axis: Int, index: TracedTensor)], isAdjacent: Bool
  ) throws(Interruption) -> (input: TracedTensor, axis: Int, index: TracedTensor) {
    guard indices.count > 1 else { return (input, indices[0].axis, indices[0].index) }
    let shapes = indices.map(\.index.shape)
    let common: [Int]
    do throws(Interruption) {
      common = try broadcast(shapes, "indexing")
    } catch {
      throw raise(
        .indexError,
        "shape mismatch: indexing tensors could not be broadcast together with shapes "
          + shapes.map(\.description).joined(separator: ", "), identifier: "torch.shape")
    }
    let axes = indices.map(\.axis)
    var source = input
    var first = axes[0]
    if !isAdjacent {
      source = try permute(input, axes + input.shape.indices.filter { !axes.contains($0) })
      first = 0
    }
    let last = first + axes.count
    let extents = Array(source.shape[first..<last])
    let merged = try reshape(
      source, source.shape[..<first] + [extents.reduce(1, *)] + source.shape[last...])
    let strides = Self.rowMajorStrides(extents)
    var index = try expand(try cast(indices[0].index, .int64), common)
    for (place, item) in indices.enumerated() {
      let other = try cast(item.index, .int64)
      if place == 0 {
        index = try elementwise(
          .multiply, try expand(other, common), try scalar(Double(strides[0]), .int64))
      } else {
        index = try elementwise(
          .add, index, try elementwise(.multiply, other, try scalar(Double(strides[place]), .int64)))
      }
    }
    return (merged, first, index)
  }
}
