import CKernels
import NetworkGraph

/// A strided copy of one operand into part of the result.
private struct StridedCopy {
  let nest: LoopNest
  /// In elements.
  var sourceOffset = 0
  var resultOffset = 0

  init(extents: [Int], source: [Int], result: [Int]) {
    nest = LoopNest(extents: extents, strides: [source, result])
  }

  func callAsFunction(_ kernels: Kernels, _ source: UnsafeRawPointer, _ result: UnsafeMutableRawPointer) {
    kernels.pointee.copy(
      nest.rank, nest.extents, nest.strides(0), nest.strides(1), source + sourceOffset * 4,
      result + resultOffset * 4)
  }
}

extension LoweringContext {
  /// Dimension `i` of the result is dimension `permutation[i]` of the operand.
  func transpose(_ permutation: [Int]) -> LoweredOperation {
    let (source, result) = (LoopNest.denseStrides(shape(0)), outputs[0].shape)
    return copying(
      StridedCopy(
        extents: result, source: permutation.map { source[$0] }, result: LoopNest.denseStrides(result)))
  }

  /// Broadcasts to the result's shape.
  func expand() -> LoweredOperation {
    let result = outputs[0].shape
    return copying(
      StridedCopy(
        extents: result, source: LoopNest.broadcastStrides(shape(0), to: result),
        result: LoopNest.denseStrides(result)))
  }

  /// Part of one axis.
  func slice(_ slice: Slice) -> LoweredOperation {
    let strides = LoopNest.denseStrides(shape(0))
    var stepped = strides
    stepped[slice.axis] *= slice.step
    var copy = StridedCopy(
      extents: outputs[0].shape, source: stepped, result: LoopNest.denseStrides(outputs[0].shape))
    copy.sourceOffset = slice.start * strides[slice.axis]
    return copying(copy)
  }

  /// Zeros with the gradient in the slice's places.
  func sliceGradient(_ slice: Slice) -> LoweredOperation {
    let strides = LoopNest.denseStrides(outputs[0].shape)
    var stepped = strides
    stepped[slice.axis] *= slice.step
    var copy = StridedCopy(
      extents: shape(0), source: LoopNest.denseStrides(shape(0)), result: stepped)
    copy.resultOffset = slice.start * strides[slice.axis]
    return bordered(copy, bits: 0)
  }

  /// A border of a constant.
  func pad(before: [Int], value: Float) -> LoweredOperation {
    let strides = LoopNest.denseStrides(outputs[0].shape)
    var copy = StridedCopy(
      extents: shape(0), source: LoopNest.denseStrides(shape(0)), result: strides)
    copy.resultOffset = zip(before, strides).reduce(0) { $0 + $1.0 * $1.1 }
    let bits =
      switch outputs[0].elementType {
      case .float32: value.bitPattern
      case .int32: UInt32(bitPattern: Int32(clamping: Int(clamping: Double(value))))
      }
    return bordered(copy, bits: bits)
  }

  /// Operands joined along the axis.
  func concatenate(axis: Int) -> LoweredOperation {
    let (strides, kernels) = (LoopNest.denseStrides(outputs[0].shape), kernels)
    var start = 0
    let copies = inputs.map { operand in
      var copy = StridedCopy(
        extents: operand.shape, source: LoopNest.denseStrides(operand.shape), result: strides)
      copy.resultOffset = start * strides[axis]
      start += operand.shape[axis]
      return copy
    }
    if copies.count == 1 { return .alias }
    return LoweredOperation { operands in
      let (sources, result) = (operands.inputs, operands.outputs[0])
      return { _ in
        for (copy, source) in zip(copies, sources) { copy(kernels, source, result) }
      }
    }
  }

  /// A copy that fills the result; none at all where it would move nothing.
  private func copying(_ copy: StridedCopy) -> LoweredOperation {
    if copy.nest.isDense, copy.sourceOffset == 0, count(0) == outputCount { return .alias }
    let kernels = kernels
    return LoweredOperation { operands in
      let (source, result) = (operands.inputs[0], operands.outputs[0])
      return { _ in copy(kernels, source, result) }
    }
  }

  /// A copy into part of a result that is filled with a bit pattern first.
  private func bordered(_ copy: StridedCopy, bits: UInt32) -> LoweredOperation {
    if count(0) == outputCount { return .alias }
    let (kernels, count) = (kernels, outputCount)
    return LoweredOperation { operands in
      let (source, result) = (operands.inputs[0], operands.outputs[0])
      return { _ in
        kernels.pointee.fill(count, bits, result)
        copy(kernels, source, result)
      }
    }
  }
}
