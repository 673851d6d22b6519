import CKernels
import NetworkGraph

extension LoweringContext {
  /// x, weight and bias where there are any → y, mean, 1/√(variance + ε).
  func layerNormalization(_ normalization: LayerNormalization) -> LoweredOperation {
    let (kernels, rows) = (kernels, outputs[1].elementCount)
    let count = count(0) / rows
    return LoweredOperation(units: rows, inPlace: [.init(output: 0, input: 0)]) { operands, units in
      let first = units.lowerBound
      let (x, result) = (operands.input(0) + first * count, operands.output(0) + first * count)
      let (mean, inverse) = (operands.output(1) + first, operands.output(2) + first)
      let weight = normalization.hasWeight ? operands.input(1) : nil
      let bias = normalization.hasBias ? operands.input(normalization.hasWeight ? 2 : 1) : nil
      return {
        kernels.pointee.layer_normalization(
          units.count, count, normalization.epsilon, x, weight, bias, result, mean, inverse)
      }
    }
  }

  /// x, mean, 1/√(variance + ε), weight if there is one, output gradient → gradients of x, weight, bias.
  func layerNormalizationGradient(_ normalization: LayerNormalization) -> LoweredOperation {
    let (kernels, rows, last) = (kernels, inputs[1].elementCount, inputs.count - 1)
    let count = count(0) / rows
    return LoweredOperation(
      scratchByteCount: count.multipliedSaturating(by: 32),
      inPlace: [.init(output: 0, input: last), .init(output: 0, input: 0)]
    ) { operands in
      let (x, mean, inverse) = (operands.input(0), operands.input(1), operands.input(2))
      let weight = normalization.hasWeight ? operands.input(3) : nil
      let (gradient, result, scratch) = (operands.input(last), operands.output(0), operands.scratch)
      let weightGradient = normalization.hasWeight ? operands.output(1) : nil
      let biasGradient = normalization.hasBias ? operands.output(normalization.hasWeight ? 2 : 1) : nil
      return { _ in
        kernels.pointee.layer_normalization_gradient(
          rows, count, x, mean, inverse, weight, gradient, result, weightGradient, biasGradient, scratch)
      }
    }
  }
}
