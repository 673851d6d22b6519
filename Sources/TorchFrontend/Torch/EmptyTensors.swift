import NetworkGraph

/// Tensors without elements, which graphs do not have: what matters of them is their shape.
extension Interpreter {
  /// Applies an operation of which an operand has no elements.
  func applyToNothing(
    _ operation: Operation, _ inputs: [TracedTensor], _ dataType: DataType
  ) throws(Interruption) -> TracedTensor {
    let shape = inputs[0].shape
    switch operation {
    case .unary, .softmax, .logSoftmax: return try tensor(.fill(0), shape, dataType)
    case .reshape(let target), .expand(let target): return try tensor(.fill(0), target, dataType)
    case .transpose(let permutation): return try tensor(.fill(0), permutation.map { shape[$0] }, dataType)
    case .binary(let function):
      return try tensor(.fill(0), try broadcast(inputs.map(\.shape), function.rawValue), dataType)
    case .reduce(let reduction): return try reduceNothing(reduction, shape, dataType)
    case .matrixMultiply(let transposeLeft, let transposeRight):
      let (left, right) = (shape, inputs[1].shape)
      guard left.count >= 2, right.count >= 2 else { break }
      let (rows, depth) = (
        left[left.count - (transposeLeft ? 1 : 2)], left[left.count - (transposeLeft ? 2 : 1)]
      )
      let columns = right[right.count - (transposeRight ? 2 : 1)]
      guard depth == right[right.count - (transposeRight ? 1 : 2)] else { break }
      let batch = try broadcast([Array(left.dropLast(2)), Array(right.dropLast(2))], "matmul")
      return try tensor(.fill(0), batch + [rows, columns], dataType)
    default: break
    }
    throw unsupported("\(operation.name) of a tensor without elements (of shape \(shape)) is not supported")
  }

  private func reduceNothing(
    _ reduction: Reduction, _ shape: [Int], _ dataType: DataType
  ) throws(Interruption) -> TracedTensor {
    var kept: [Int] = []
    for (axis, extent) in shape.enumerated() {
      guard reduction.axes.contains(axis) else {
        kept.append(extent)
        continue
      }
      if reduction.keepsDimensions { kept.append(1) }
    }
    switch reduction.kind {
    case .sum: return try tensor(.fill(0), kept, dataType)
    case .mean: return try tensor(.fill(.nan), kept, dataType)
    default:
      throw raise(
        .indexError, "the reduction of a tensor without elements (of shape \(shape)) has no identity",
        identifier: "torch.shape")
    }
  }

  /// The shape that shapes broadcast to, with PyTorch's complaint where they do not.
  func broadcast(_ shapes: [[Int]], _ purpose: String) throws(Interruption) -> [Int] {
    var result: [Int] = []
    for shape in shapes {
      let longer = result.count >= shape.count ? result : shape
      let shorter = result.count >= shape.count ? shape : result
      var merged = longer
      for place in shorter.indices {
        let axis = longer.count - shorter.count + place
        guard longer[axis] == shorter[place] || longer[axis] == 1 || shorter[place] == 1 else {
          throw raise(
            .runtimeError,
            "The size of tensor a (\(result[result.count - longer.count + axis])) must match the size of tensor b "
              + "(\(shape[shape.count - longer.count + axis])) at non-singleton dimension \(axis)",
            hint: "the shapes are \(shapes)", identifier: "torch.shape")
        }
        merged[axis] = longer[axis] == 1 ? shorter[place] : longer[axis]
      }
      result = merged
    }
    return result
  }
}
