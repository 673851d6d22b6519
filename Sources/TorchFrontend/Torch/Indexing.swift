import NetworkGraph

extension Interpreter {
  /// `tensor[key]`: integers, slices, `...` and None.
  func subscripted(_ input: TracedTensor, _ key: PythonValue) throws(Interruption) -> TracedTensor {
    let keys: [PythonValue] = if case .tuple(let tuple) = key { tuple.elements } else { [key] }
    let taken = keys.count {
      if case .none = $0 { false } else if case .ellipsis = $0 { false } else { true }
    }
    guard taken <= input.rank else {
      throw raise(
        .indexError, "too many indices for tensor of dimension \(input.rank)", identifier: "torch.dimension")
    }
    var result = input
    var axis = 0
    var hasEllipsis = false
    for key in keys {
      switch key {
      case .none:
        var shape = result.shape
        shape.insert(1, at: axis)
        result = try reshape(result, shape)
        axis += 1
      case .ellipsis:
        guard !hasEllipsis else {
          throw raise(.indexError, "an index can only have a single ellipsis ('...')")
        }
        hasEllipsis = true
        axis += input.rank - taken
      case .slice(let slice):
        let range = try resolved(slice, result.shape[axis])
        guard range.step > 0 else { throw raise(.valueError, "step must be greater than zero") }
        let end = max(range.start, range.stop)
        result = try self.slice(result, axis, range.start, end, range.step)
        axis += 1
      case .int: result = try select(result, axis, key)
      case .tensor(let index) where index.rank == 0 && !index.dataType.isFloating && index.dataType != .bool:
        result = try select(result, axis, key)
      case .tensor(let index):
        guard index.dataType != .bool else {
          throw unsupported("indexing with a boolean tensor is not supported yet")
        }
        result = try gathered(result, axis, index)
        guard keys.count(where: { if case .tensor = $0 { true } else { false } }) == 1 else {
          throw unsupported("indexing with several tensors is not supported yet")
        }
        axis += index.rank
      case .list(let list):
        var numbers: [Double] = []
        for element in list.elements {
          guard let number = integer(element) else {
            throw unsupported("indexing with this list is not supported yet")
          }
          numbers.append(Double(number))
        }
        let index = try tensor(.values(numbers), [numbers.count], .int64)
        result = try gathered(result, axis, index)
        axis += 1
      default:
        throw raise(
          .indexError,
          "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got \(typeName(key)))"
        )
      }
    }
    return result === input ? try alias(input) : result
  }

  /// The slices of an axis in the order of known indices.
  private func gathered(
    _ input: TracedTensor, _ axis: Int, _ index: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    guard !index.dataType.isFloating else {
      throw raise(.indexError, "tensors used as indices must be long, byte or bool tensors")
    }
    guard let numbers = try knownValues(index), !numbers.isEmpty else {
      throw unsupported(
        "indexing with a tensor that is only known when the network runs is not supported yet")
    }
    guard numbers.count <= 1_024 else {
      throw unsupported("indexing with more than 1024 indices is not supported yet")
    }
    let extent = input.shape[axis]
    var parts: [TracedTensor] = []
    for number in numbers {
      let offset = Int(number) < 0 ? Int(number) + extent : Int(number)
      guard offset >= 0, offset < extent else {
        throw raise(
          .indexError, "index \(Int(number)) is out of bounds for dimension \(axis) with size \(extent)",
          identifier: "torch.dimension")
      }
      parts.append(try slice(input, axis, offset, offset + 1))
    }
    let joined = try concatenate(parts, axis)
    return try reshape(joined, Array(input.shape[..<axis]) + index.shape + Array(input.shape[(axis + 1)...]))
  }

  /// `tensor[key] = value`, where the tensor's elements are known.
  func setItem(
    _ target: TracedTensor, _ key: PythonValue, _ value: PythonValue
  ) throws(Interruption) {
    guard var elements = try knownValues(target) else {
      throw unsupported("assigning to a part of a tensor within a network is not supported yet")
    }
    // Which elements are meant: the same subscript of a tensor of their offsets.
    let offsets = try tensor(.values(elements.indices.map(Double.init)), target.shape, .float64)
    let places = try subscripted(offsets, key)
    let source = try tensorOperand(value, like: target)
    guard let positions = try knownValues(places),
      let values = try knownValues(try expand(source, places.shape))
    else { throw unsupported("assigning a tensor of the network to a constant is not supported yet") }
    for (place, value) in zip(positions, values) {
      elements[Int(place)] = Self.rounded(value, target.dataType)
    }
    _ = try write(try tensor(.values(elements), target.shape, target.dataType), into: target)
  }
}
