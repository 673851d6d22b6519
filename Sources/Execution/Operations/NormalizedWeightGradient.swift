import CKernels
import NetworkGraph

extension LoweringContext {
  /// x, scale, shift, result gradient → weight gradient of a depthwise convolution of f(x · scale + shift), channel by
  /// channel, of which only one of a block is there at a time.
  func normalizedWeightGradient(_ fused: NormalizedWeightGradient) throws(ExecutionError) -> LoweredOperation
  {
    let (kernels, shape, blocks) = (kernels, shape(0), shape(0)[0])
    let lowering = ConvolutionLowering(
      fused.convolution, images: images(inputs[0]), weight: fused.weight, output: images(inputs[3]))
    guard let scratchByteCount = lowering.blockScratchByteCount else {
      throw .tooLarge("the weight gradient of a convolution of \(shape)")
    }
    let (group, plane, gradientPlane) = (
      lowering.group, count(0) / blocks / shape[1], count(3) / blocks / shape[1]
    )
    let (space, taps) = (AlignedMemory.rounded(scratchByteCount), fused.weight.dropFirst().reduce(1, *))
    let activation = fused.activation.activation
    /// - Parameter first: the channel at which the operands in blocks begin.
    func part(
      _ operands: LoweredOperation.Operands, _ range: Range<Int>, first: Int, steps: (x: Int, gradient: Int)
    ) -> PartBody {
      let (x, scale, shift, gradient) = (
        operands.input(0), operands.input(1), operands.input(2), operands.input(3)
      )
      let (result, scratch) = (operands.output(0), operands.scratch)
      let images = (scratch + space).assumingMemoryBound(to: Float.self)
      return {
        for channel in range {
          for block in 0..<blocks {
            kernels.pointee.channel_affine(
              1, 1, plane, 0, 1, x + (block * steps.x + (channel - first) * plane), scale + channel,
              shift + channel, nil, activation, images)
            withUnsafePointer(to: group) {
              kernels.pointee.convolve_blocks_weight_gradient(
                $0, 1, 1, 0, 1, (block..<block + 1).portion(of: blocks), images,
                gradient + (block * steps.gradient + (channel - first) * gradientPlane),
                result + channel * taps, scratch)
            }
          }
        }
      }
    }
    let whole = (x: plane * shape[1], gradient: gradientPlane * shape[1])
    var operation = LoweredOperation(
      units: shape[1], scratchByteCount: space + plane * MemoryLayout<Float>.stride
    ) { operands, range in part(operands, range, first: 0, steps: whole) }
    operation.work = lowering.work
    operation.sections = channelSections(outputs: [.whole]) { operands, range in
      let steps = operands.inputSteps.map { $0 / MemoryLayout<Float>.stride }
      return part(operands, range, first: range.lowerBound, steps: (steps[0], steps[3]))
    }
    return operation
  }
}
