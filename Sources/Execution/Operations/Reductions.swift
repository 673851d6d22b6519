import CKernels
import NetworkGraph

extension LoweringContext {
  /// Sums, means and extrema over axes; sums in double precision.
  func reduce(_ reduction: Reduction) -> LoweredOperation {
    let (kernels, shape, resultCount) = (kernels, shape(0), outputCount)
    let reduced = Set(reduction.axes)
    let kept = shape.indices.map { reduced.contains($0) ? 1 : shape[$0] }
    let nest = LoopNest(extents: shape, strides: [LoopNest.broadcastStrides(kept, to: shape)])
    var scale = 1.0
    let kind: niche_reduction
    switch reduction.kind {
    case .sum: kind = NICHE_SUM
    case .mean:
      kind = NICHE_SUM
      scale = Double(resultCount) / Double(count(0))
    case .maximum: kind = NICHE_REDUCE_MAXIMUM
    case .minimum: kind = NICHE_REDUCE_MINIMUM
    }
    let code = Int32(kind.rawValue)
    return LoweredOperation(
      scratchByteCount: resultCount.multipliedSaturating(by: MemoryLayout<Double>.stride)
    ) { operands in
      let (x, result) = (operands.input(0), operands.output(0))
      let accumulators = operands.scratch.assumingMemoryBound(to: Double.self)
      return { _ in
        kernels.pointee.reduce(
          code, nest.rank, nest.extents, nest.strides(0), x, resultCount, scale, accumulators, result)
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
