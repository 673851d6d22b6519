import CKernels
import NetworkGraph

extension LoweringContext {
  /// Sums, means, products and extrema over axes; sums and products in double precision.
  func reduce(_ reduction: Reduction) -> LoweredOperation {
    let (kernels, shape, resultCount) = (kernels, shape(0), outputCount)
    var reduced = Set(reduction.axes)
    // Images lie along two axes in blocks.
    if worksInBlocks, reduced.contains(0) { reduced.insert(shape.count - 1) }
    let kept = shape.indices.map { reduced.contains($0) ? 1 : shape[$0] }
    let nest = LoopNest(extents: shape, strides: [LoopNest.broadcastStrides(kept, to: shape)])
    var scale = 1.0
    let kind: niche_reduction
    switch reduction.kind {
    case .sum: kind = NICHE_SUM
    case .mean:
      kind = NICHE_SUM
      scale = Double(resultCount) / Double(reduction.axes.contains(0) ? imageElementCount(0) : count(0))
    case .maximum: kind = NICHE_REDUCE_MAXIMUM
    case .minimum: kind = NICHE_REDUCE_MINIMUM
    case .product: kind = NICHE_PRODUCT
    }
    let code = Int32(kind.rawValue)
    if inputs[0].elementType == .int32 {
      return LoweredOperation { operands in
        let (x, result) = (operands.integerInput(0), operands.integerOutput(0))
        return { _ in
          kernels.pointee.reduce_integer(
            code, nest.rank, nest.extents, nest.strides(0), x, resultCount, result)
        }
      }
    }
    func part(
      _ operands: LoweredOperation.Operands, _ nest: LoopNest, _ portion: Int32, _ x: UnsafePointer<Float>
    ) -> PartBody {
      let (result, accumulators) = (operands.output(0), operands.scratch.assumingMemoryBound(to: Double.self))
      return {
        kernels.pointee.reduce(
          code, portion, nest.rank, nest.extents, nest.strides(0), x, resultCount, scale, accumulators, result
        )
      }
    }
    var operation = LoweredOperation(
      scratchByteCount: resultCount.multipliedSaturating(by: MemoryLayout<Double>.stride)
    ) { operands in
      let body = part(operands, nest, (0..<1).portion(of: 1), operands.input(0))
      return { _ in body() }
    }
    // Of what lies in blocks images are summed.
    if worksInBlocks, reduced.contains(0) {
      let (blocks, size) = (shape[0], count(0) / shape[0])
      operation.sections = imageSections(keepsScratch: true, outputs: [.whole]) { operands, range in
        let some = [range.count] + shape.dropFirst()
        let nest = LoopNest(extents: some, strides: [LoopNest.broadcastStrides(kept, to: some)])
        return part(operands, nest, range.portion(of: blocks), operands.input(0) + range.lowerBound * size)
      }
    }
    return operation
  }

  /// The sums of all elements up to each one along the axis, or from it on; in double precision.
  func cumulativeSum(axis: Int, isReversed: Bool) -> LoweredOperation {
    let (kernels, extent, type) = (kernels, shape(0)[axis], inputs[0].elementType)
    let ((outer, inner), reversed) = (Self.sides(of: axis, in: shape(0)), Int32(isReversed ? 1 : 0))
    return LoweredOperation(inPlace: [.init(output: 0, input: 0)]) { operands in
      switch type {
      case .float32:
        let (x, result) = (operands.input(0), operands.output(0))
        return { _ in kernels.pointee.cumulative_sum(outer, extent, inner, reversed, x, result) }
      case .int32:
        let (x, result) = (operands.integerInput(0), operands.integerOutput(0))
        return { _ in kernels.pointee.cumulative_sum_integer(outer, extent, inner, reversed, x, result) }
      }
    }
  }

  /// The index of the first extremum along the axis.
  func argumentOfExtremum(axis: Int, isMinimum: Bool) -> LoweredOperation {
    let (kernels, extent, type) = (kernels, shape(0)[axis], inputs[0].elementType)
    let ((outer, inner), minimum) = (Self.sides(of: axis, in: shape(0)), Int32(isMinimum ? 1 : 0))
    return LoweredOperation { operands in
      let result = operands.integerOutput(0)
      switch type {
      case .float32:
        let x = operands.input(0)
        return { _ in kernels.pointee.argument(outer, extent, inner, minimum, x, result) }
      case .int32:
        let x = operands.integerInput(0)
        return { _ in kernels.pointee.argument_integer(outer, extent, inner, minimum, x, result) }
      }
    }
  }

  /// x → x in order along the axis, indices.
  func sort(axis: Int, isDescending: Bool) -> LoweredOperation {
    let (kernels, extent, type) = (kernels, shape(0)[axis], inputs[0].elementType)
    let ((outer, inner), descending) = (Self.sides(of: axis, in: shape(0)), Int32(isDescending ? 1 : 0))
    return LoweredOperation(scratchByteCount: extent.multipliedSaturating(by: 12)) { operands in
      let (indices, scratch) = (operands.integerOutput(1), operands.scratch)
      switch type {
      case .float32:
        let (x, result) = (operands.input(0), operands.output(0))
        return { _ in kernels.pointee.sort(outer, extent, inner, descending, x, result, indices, scratch) }
      case .int32:
        let (x, result) = (operands.integerInput(0), operands.integerOutput(0))
        return { _ in
          kernels.pointee.sort_integer(outer, extent, inner, descending, x, result, indices, scratch)
        }
      }
    }
  }

  /// Probabilities or their logarithms along the axis.
  func softmax(axis: Int, isLogarithmic: Bool) -> LoweredOperation {
    let (kernels, shape) = (kernels, shape(0))
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    let (extent, logarithm) = (shape[axis], Int32(isLogarithmic ? 1 : 0))
    return LoweredOperation(
      scratchByteCount: inner == 1 ? 0 : inner.multipliedSaturating(by: 2 * MemoryLayout<Float>.stride),
      inPlace: [.init(output: 0, input: 0)]
    ) { operands in
      let (x, result) = (operands.input(0), operands.output(0))
      let scratch = operands.scratch.assumingMemoryBound(to: Float.self)
      return { _ in kernels.pointee.softmax(outer, extent, inner, logarithm, x, result, scratch) }
    }
  }

  /// logits `[N, C]`, labels `[N]` → mean loss.
  ///
  /// Label −100 leaves its row out, as PyTorch's default does; any other label that is no class makes the loss NaN.
  func crossEntropy(smoothing: Double) -> LoweredOperation {
    let (kernels, rows, classes) = (kernels, shape(0)[0], shape(0)[1])
    return LoweredOperation { operands in
      let (logits, labels, result) = (operands.input(0), operands.integerInput(1), operands.output(0))
      return { _ in
        result[0] = kernels.pointee.cross_entropy(rows, classes, smoothing, logits, labels)
      }
    }
  }

  /// logits, labels, gradient of the loss → gradient of the logits.
  func crossEntropyGradient(smoothing: Double) -> LoweredOperation {
    let (kernels, rows, classes) = (kernels, shape(0)[0], shape(0)[1])
    return LoweredOperation(inPlace: [.init(output: 0, input: 0)]) { operands in
      let (logits, labels) = (operands.input(0), operands.integerInput(1))
      let (gradient, result) = (operands.input(2), operands.output(0))
      return { _ in
        kernels.pointee.cross_entropy_gradient(
          rows, classes, smoothing, gradient[0], logits, labels, result)
      }
    }
  }
}
