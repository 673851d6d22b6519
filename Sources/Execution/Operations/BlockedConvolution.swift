import CKernels
import NetworkGraph

/// Convolutions in the layout in which they were planned.
extension LoweringContext {
  /// images, weight, bias if there is one → result.
  func convolution(_ convolution: Convolution) throws(ExecutionError) -> LoweredOperation {
    let lowering = ConvolutionLowering(
      convolution, images: images(inputs[0]), weight: shape(1), output: images(outputs[0]))
    guard worksInBlocks, let kernel = lowering.blockKernel else { return try lowering.forward(self) }
    let (group, groups, blocks) = (lowering.group, lowering.groupCount, shape(0)[0])
    let function =
      kernel.isWinograd ? kernels.pointee.convolve_winograd : kernels.pointee.convolve_blocks
    let (imageSize, resultSize) = (count(0) / blocks, outputCount / blocks)
    return LoweredOperation(units: blocks, scratchByteCount: kernel.scratchByteCount) { operands, range in
      let (images, result) = (
        operands.input(0) + range.lowerBound * imageSize, operands.output(0) + range.lowerBound * resultSize
      )
      let (weight, bias) = (operands.input(1), lowering.hasBias ? UnsafePointer(operands.input(2)) : nil)
      return {
        withUnsafePointer(to: group) {
          function($0, groups, range.count, images, weight, bias, result, operands.scratch)
        }
      }
    }
  }

  /// weight, result gradient → image gradient.
  func convolutionInputGradient(
    _ convolution: Convolution, images shape: [Int]
  ) throws(ExecutionError) -> LoweredOperation {
    let lowering = ConvolutionLowering(
      convolution, images: shape, weight: self.shape(0), output: images(inputs[1]))
    guard worksInBlocks, let kernel = lowering.blockKernel else { return try lowering.inputGradient(self) }
    let (group, groups, blocks) = (lowering.group, lowering.groupCount, self.shape(1)[0])
    let function =
      kernel.isWinograd
      ? kernels.pointee.convolve_winograd_input_gradient : kernels.pointee.convolve_blocks_input_gradient
    let (gradientSize, resultSize) = (count(1) / blocks, outputCount / blocks)
    return LoweredOperation(units: blocks, scratchByteCount: kernel.scratchByteCount) { operands, range in
      let weight = operands.input(0)
      let (gradient, result) = (
        operands.input(1) + range.lowerBound * gradientSize,
        operands.output(0) + range.lowerBound * resultSize
      )
      return {
        withUnsafePointer(to: group) {
          function($0, groups, range.count, weight, gradient, result, operands.scratch)
        }
      }
    }
  }

  /// images, result gradient → weight gradient.
  func convolutionWeightGradient(
    _ convolution: Convolution, weight shape: [Int]
  ) throws(ExecutionError) -> LoweredOperation {
    let lowering = ConvolutionLowering(
      convolution, images: images(inputs[0]), weight: shape, output: images(inputs[1]))
    guard worksInBlocks, let kernel = lowering.blockGradientKernel else {
      return try lowering.weightGradient(self)
    }
    let (group, groups, blocks) = (lowering.group, lowering.groupCount, self.shape(0)[0])
    let function =
      kernel.isWinograd
      ? kernels.pointee.convolve_winograd_weight_gradient : kernels.pointee.convolve_blocks_weight_gradient
    return LoweredOperation(
      units: shape[0], scratchByteCount: kernel.scratchByteCount
    ) { operands, channels in
      let (images, gradient, result) = (operands.input(0), operands.input(1), operands.output(0))
      return {
        withUnsafePointer(to: group) {
          function(
            $0, groups, blocks, channels.lowerBound, channels.upperBound, images, gradient, result,
            operands.scratch)
        }
      }
    }
  }

  /// The shape [N, C, H, W] of images in either layout.
  private func images(_ type: TensorType) -> [Int] {
    guard type.rank == 5 else { return type.shape }
    return [type.shape[0] * Layout.blockSize] + type.shape[1..<4]
  }

  /// The operand in the other layout.
  func conversion() -> LoweredOperation {
    let (kernels, toBlocks) = (kernels, !worksInBlocks)
    let blocks = toBlocks ? outputs[0].shape[0] : inputs[0].shape[0]
    let size = count(0) / (blocks * Layout.blockSize)
    return LoweredOperation(units: blocks) { operands, range in
      let offset = range.lowerBound * size * Layout.blockSize
      let (x, result) = (operands.input(0) + offset, operands.output(0) + offset)
      return {
        if toBlocks {
          kernels.pointee.to_blocks(range.count, size, x, result)
        } else {
          kernels.pointee.from_blocks(range.count, size, x, result)
        }
      }
    }
  }
}

extension ConvolutionLowering {
  /// The scratch memory of the direct kernels for images in blocks; nil where a border makes it too much.
  var blockScratchByteCount: Int? {
    let count = withUnsafePointer(to: group) { niche_block_convolution_scratch($0) }
    return count >= 0 ? count : nil
  }

  /// How a convolution in blocks and its image gradient are done, and in how much scratch memory.
  var blockKernel: (isWinograd: Bool, scratchByteCount: Int)? { kernel(niche_winograd_scratch) }

  /// How the weight gradient in blocks is done, and in how much scratch memory.
  fileprivate var blockGradientKernel: (isWinograd: Bool, scratchByteCount: Int)? {
    kernel(niche_winograd_gradient_scratch)
  }

  private func kernel(
    _ winogradScratch: (UnsafePointer<niche_convolution>, Int) -> Int
  ) -> (isWinograd: Bool, scratchByteCount: Int)? {
    let count = withUnsafePointer(to: group) { winogradScratch($0, imageCount / Layout.blockSize) }
    if count >= 0 { return (true, count) }
    return blockScratchByteCount.map { (false, $0) }
  }
}
