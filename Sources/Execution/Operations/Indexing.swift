import CKernels
import NetworkGraph

/// Indices of a step that lie within their axis, or an error.
private struct IndexCheck {
  let operation: String
  let count: Int
  let extent: Int

  func callAsFunction(_ kernels: Kernels, _ indices: UnsafePointer<Int32>) throws(ExecutionError) {
    let place = kernels.pointee.index_outside(count, extent, indices)
    guard place < 0 else {
      throw .indexOutOfRange(operation: operation, index: Int(indices[place]), extent: extent)
    }
  }
}

extension LoweringContext {
  /// x, indices → the elements of x at the places of the indices, whose coordinate along the axis is the index.
  func gather(axis: Int) -> LoweredOperation {
    let (kernels, nest, step) = (kernels, gathering(axis: axis, of: shape(0)), axisStride(axis, of: shape(0)))
    let check = IndexCheck(operation: "gather", count: count(1), extent: shape(0)[axis])
    return LoweredOperation { operands in
      let (x, indices, result) = (operands.inputs[0], operands.integerInput(1), operands.outputs[0])
      return { _ throws(ExecutionError) in
        try check(kernels, indices)
        kernels.pointee.gather(nest.rank, nest.extents, nest.strides(0), step, indices, x, result)
      }
    }
  }

  /// output gradient, indices → zeros to which the gradient is added at the places gathered from.
  func gatherGradient(axis: Int) -> LoweredOperation {
    let whole = outputs[0].shape
    let (kernels, nest, step) = (kernels, gathering(axis: axis, of: whole), axisStride(axis, of: whole))
    let check = IndexCheck(operation: "gatherGradient", count: count(1), extent: whole[axis])
    let count = outputCount
    return LoweredOperation { operands in
      let (gradient, indices, result) = (operands.input(0), operands.integerInput(1), operands.output(0))
      return { _ throws(ExecutionError) in
        try check(kernels, indices)
        kernels.pointee.fill(count, 0, result)
        kernels.pointee.scatter_add(nest.rank, nest.extents, nest.strides(0), step, indices, gradient, result)
      }
    }
  }

  /// x, indices → x with the axis replaced by the shape of the indices.
  func take(axis: Int) -> LoweredOperation {
    let (kernels, shape, indexCount) = (kernels, shape(0), count(1))
    let (outer, inner) = Self.sides(of: axis, in: shape)
    let check = IndexCheck(operation: "take", count: indexCount, extent: shape[axis])
    return LoweredOperation { operands in
      let (x, indices, result) = (operands.inputs[0], operands.integerInput(1), operands.outputs[0])
      return { _ throws(ExecutionError) in
        try check(kernels, indices)
        kernels.pointee.take(outer, check.extent, inner, indexCount, indices, x, result)
      }
    }
  }

  /// output gradient, indices → zeros to which the gradient is added at the places taken from.
  func takeGradient(axis: Int) -> LoweredOperation {
    let (kernels, shape, indexCount, count) = (kernels, outputs[0].shape, count(1), outputCount)
    let (outer, inner) = Self.sides(of: axis, in: shape)
    let check = IndexCheck(operation: "takeGradient", count: indexCount, extent: shape[axis])
    return LoweredOperation { operands in
      let (gradient, indices, result) = (operands.input(0), operands.integerInput(1), operands.output(0))
      return { _ throws(ExecutionError) in
        try check(kernels, indices)
        kernels.pointee.fill(count, 0, result)
        kernels.pointee.take_gradient(outer, check.extent, inner, indexCount, indices, gradient, result)
      }
    }
  }

  /// How many elements lie before and behind an axis.
  static func sides(of axis: Int, in shape: [Int]) -> (outer: Int, inner: Int) {
    (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
  }

  /// A loop over the indices, with the strides of what they point into but for the axis.
  private func gathering(axis: Int, of whole: [Int]) -> LoopNest {
    var strides = LoopNest.denseStrides(whole)
    strides[axis] = 0
    return LoopNest(extents: shape(1), strides: [strides, LoopNest.denseStrides(shape(1))])
  }

  private func axisStride(_ axis: Int, of whole: [Int]) -> Int { LoopNest.denseStrides(whole)[axis] }
}
