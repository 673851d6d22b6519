import CKernels
import NetworkGraph

/// Convolutions in the layout in which they were planned.
extension LoweringContext {
  /// images, weight, bias if there is one → result.
  ///
  /// With batch normalisation by running statistics, its vectors come behind; weight and bias are scaled by them,
  /// before each run if parameters may have changed. A residual comes last.
  func convolution(_ fused: FusedConvolution) throws(ExecutionError) -> LoweredOperation {
    let lowering = ConvolutionLowering(
      fused.convolution, images: images(inputs[0]), weight: shape(1), output: images(outputs[0]))
    guard worksInBlocks, let kernel = lowering.blockKernel else {
      guard fused.normalization == nil, fused.activation == nil, !fused.addsResidual else {
        throw .tooLarge("a convolution of \(inputs[0].shape) by \(inputs[1].shape)")
      }
      return try lowering.forward(self)
    }
    let (group, groups, blocks) = (lowering.group, lowering.groupCount, shape(0)[0])
    let function =
      kernel.isWinograd ? kernels.pointee.convolve_winograd : kernels.pointee.convolve_blocks
    let (imageSize, resultSize) = (count(0) / blocks, outputCount / blocks)
    let (channels, weightCount) = (shape(1)[0], count(1))
    let folded = AlignedMemory.rounded(kernel.scratchByteCount)
    let foldedByteCount =
      fused.normalization == nil ? 0 : (weightCount + channels) * MemoryLayout<Float>.stride
    let vectorCount = inputs.count - (fused.addsResidual ? 1 : 0)
    let foldsOnce = fused.normalization != nil && (1..<vectorCount).allSatisfy(isFixed)
    func folding(_ operands: LoweredOperation.Operands) -> FoldedNormalization? {
      fused.normalization.map { normalization in
        FoldedNormalization(
          normalization, operands, first: lowering.hasBias ? 3 : 2, weight: operands.input(1),
          bias: lowering.hasBias ? operands.input(2) : nil, channels: channels, depth: weightCount / channels,
          space: (foldsOnce ? operands.kept : operands.scratch + folded).assumingMemoryBound(to: Float.self))
      }
    }
    let residual = fused.addsResidual ? inputs.count - 1 : nil
    var operation = LoweredOperation(
      units: blocks, scratchByteCount: folded + (foldsOnce ? 0 : foldedByteCount),
      inPlace: Self.inPlace([residual])
    ) { operands, range in
      let (images, result) = (
        operands.input(0) + range.lowerBound * imageSize, operands.output(0) + range.lowerBound * resultSize
      )
      var weight = operands.input(1)
      var bias = lowering.hasBias ? operands.input(2) : nil
      let folding = folding(operands)
      if let folding { (weight, bias) = (folding.space, folding.space + weightCount) }
      let finish = niche_finish(
        residual: residual.map { UnsafePointer(operands.input($0) + range.lowerBound * resultSize) },
        bounds: fused.activation?.bounds ?? .none, gate: nil)
      return { [weight, bias] in
        if !foldsOnce { folding?.fold() }
        withUnsafePointers(group, finish) {
          function($0, groups, range.count, images, weight, bias, $1, result, operands.scratch)
        }
      }
    }
    operation.work = lowering.work
    operation.sections = imageSections(operation)
    if lowering.isDepthwise, fused.normalization == nil {
      let weightSize = weightCount / channels
      operation.sections += channelSections { operands, range in
        { [weight = operands.input(1) + range.lowerBound * weightSize] in
          for block in 0..<blocks {
            let own = operands.block(block)
            let finish = niche_finish(
              residual: residual.map { UnsafePointer(own.input($0)) },
              bounds: fused.activation?.bounds ?? .none,
              gate: nil)
            withUnsafePointers(group, finish) {
              function(
                $0, range.count, 1, own.input(0), weight,
                lowering.hasBias ? own.input(2) + range.lowerBound : nil, $1, own.output(0), own.scratch)
            }
          }
        }
      }
    }
    if foldsOnce {
      operation.preparation = LoweredOperation.Preparation(byteCount: foldedByteCount) { operands in
        let folding = folding(operands)
        return { folding?.fold() }
      }
    }
    return operation
  }

  /// weight, result gradient, the residual and what opens the gate if there are any → image gradient.
  func convolutionInputGradient(_ fused: FusedInputGradient) throws(ExecutionError) -> LoweredOperation {
    let lowering = ConvolutionLowering(
      fused.convolution, images: fused.images, weight: self.shape(0), output: images(inputs[1]))
    guard worksInBlocks, let kernel = lowering.blockKernel else {
      guard fused.gate == nil, !fused.addsResidual else {
        throw .tooLarge("the gradient of a convolution of \(fused.images) by \(inputs[0].shape)")
      }
      return try lowering.inputGradient(self)
    }
    let (group, groups, blocks) = (lowering.group, lowering.groupCount, self.shape(1)[0])
    let function =
      kernel.isWinograd
      ? kernels.pointee.convolve_winograd_input_gradient : kernels.pointee.convolve_blocks_input_gradient
    let (gradientSize, resultSize) = (count(1) / blocks, outputCount / blocks)
    let residual = fused.addsResidual ? 2 : nil
    let gate = fused.gate == nil ? nil : inputs.count - 1
    var operation = LoweredOperation(
      units: blocks, scratchByteCount: kernel.scratchByteCount, inPlace: Self.inPlace([residual, gate])
    ) { operands, range in
      func operand(_ index: Int) -> UnsafePointer<Float> {
        UnsafePointer(operands.input(index) + range.lowerBound * resultSize)
      }
      let finish = niche_finish(
        residual: residual.map(operand), bounds: fused.gate?.bounds ?? .none, gate: gate.map(operand))
      let weight = operands.input(0)
      let (gradient, result) = (
        operands.input(1) + range.lowerBound * gradientSize,
        operands.output(0) + range.lowerBound * resultSize
      )
      return {
        withUnsafePointers(group, finish) {
          function($0, groups, range.count, weight, gradient, $1, result, operands.scratch)
        }
      }
    }
    operation.work = lowering.work
    operation.sections = imageSections(operation)
    if lowering.isDepthwise {
      let weightSize = count(0) / groups
      operation.sections += channelSections { operands, range in
        { [weight = operands.input(0) + range.lowerBound * weightSize] in
          for block in 0..<blocks {
            let own = operands.block(block)
            let finish = niche_finish(
              residual: residual.map { UnsafePointer(own.input($0)) }, bounds: fused.gate?.bounds ?? .none,
              gate: gate.map { UnsafePointer(own.input($0)) })
            withUnsafePointers(group, finish) {
              function($0, range.count, 1, weight, own.input(1), $1, own.output(0), own.scratch)
            }
          }
        }
      }
    }
    return operation
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
    let (imageSize, gradientSize) = (count(0) / blocks, count(1) / blocks)
    func part(_ operands: LoweredOperation.Operands, _ channels: Range<Int>, _ range: Range<Int>) -> PartBody
    {
      let images = operands.input(0) + range.lowerBound * imageSize
      let gradient = operands.input(1) + range.lowerBound * gradientSize
      let (result, portion) = (operands.output(0), range.portion(of: blocks))
      return {
        withUnsafePointer(to: group) {
          function(
            $0, groups, range.count, channels.lowerBound, channels.upperBound, portion, images, gradient,
            result,
            operands.scratch)
        }
      }
    }
    var operation = LoweredOperation(
      units: shape[0], scratchByteCount: kernel.scratchByteCount
    ) { operands, channels in part(operands, channels, 0..<blocks) }
    operation.work = lowering.work
    // Between sections the sums of one group have their place.
    if !kernel.isWinograd || groups == 1 {
      let multiple =
        kernel.isWinograd ? withUnsafePointer(to: group) { niche_winograd_gradient_blocks($0, blocks) } : 1
      operation.sections = imageSections(multiple: multiple, keepsScratch: true, outputs: [.whole]) {
        operands, range in part(operands, 0..<shape[0], range)
      }
    }
    if lowering.isDepthwise {
      let weightSize = shape.dropFirst().reduce(1, *)
      operation.sections += channelSections(outputs: [.whole]) { operands, range in
        { [result = operands.output(0) + range.lowerBound * weightSize] in
          for block in 0..<blocks {
            let own = operands.block(block)
            withUnsafePointer(to: group) {
              function(
                $0, range.count, 1, 0, range.count, (block..<block + 1).portion(of: blocks), own.input(0),
                own.input(1), result, own.scratch)
            }
          }
        }
      }
    }
    return operation
  }

  /// The operands of the first result's shape over which that may lie.
  private static func inPlace(_ inputs: [Int?]) -> [LoweredOperation.InPlace] {
    inputs.compactMap { $0.map { LoweredOperation.InPlace(output: 0, input: $0) } }
  }

  /// The shape [N, C, H, W] of images in either layout.
  func images(_ type: TensorType) -> [Int] {
    guard type.rank == 5 else { return type.shape }
    return [type.shape[0] * Layout.blockSize] + type.shape[1..<4]
  }

  /// The operand in the other layout.
  func conversion() -> LoweredOperation {
    let (kernels, toBlocks) = (kernels, !worksInBlocks)
    let rows = toBlocks ? inputs[0] : outputs[0]
    let images = rows.shape[0]
    let size = rows.elementCount / images
    let units = Layout.blockCount(images: images)
    var operation = LoweredOperation(units: units) { operands, range in
      let first = range.lowerBound * Layout.blockSize
      let count = min(images, range.upperBound * Layout.blockSize) - first
      let (x, result) = (operands.input(0) + first * size, operands.output(0) + first * size)
      return {
        if toBlocks {
          kernels.pointee.to_blocks(count, size, x, result)
        } else {
          kernels.pointee.from_blocks(count, size, x, result)
        }
      }
    }
    let use = LoweredOperation.Sections.Use.units(
      byteCount: Layout.blockSize * size * MemoryLayout<Float>.stride)
    if let division = operation.division {
      operation.sections = [
        LoweredOperation.Sections(
          axis: .images, units: units, inputs: [use], outputs: [use], bind: division.bind)
      ]
    }
    return operation
  }

  /// The operand with 0 behind the last image.
  func clearing() -> LoweredOperation {
    let (kernels, lanes, total) = (kernels, (batch ?? 0) % Layout.blockSize, count(0))
    let places = total / shape(0)[0] / Layout.blockSize
    let blocks = shape(0)[0]
    func part(_ operands: LoweredOperation.Operands, _ range: Range<Int>) -> PartBody {
      let start = range.lowerBound * (total / blocks)
      let (x, result, size) = (
        operands.input(0) + start, operands.output(0) + start, range.count * (total / blocks)
      )
      let last = range.upperBound == blocks ? result + (size - places * Layout.blockSize) : nil
      return {
        if x != result { result.update(from: x, count: size) }
        if let last { kernels.pointee.clear_lanes(places, lanes, last) }
      }
    }
    var operation = LoweredOperation(inPlace: [.init(output: 0, input: 0)]) { operands in
      let body = part(operands, 0..<blocks)
      return { _ in body() }
    }
    operation.sections = imageSections(bind: part)
    return operation
  }
}

/// Calls the body with pointers to both.
private func withUnsafePointers<First, Second>(
  _ first: First, _ second: Second, _ body: (UnsafePointer<First>, UnsafePointer<Second>) -> Void
) {
  withUnsafePointer(to: first) { first in withUnsafePointer(to: second) { body(first, $0) } }
}

extension niche_bounds {
  /// No bounds.
  static var none: niche_bounds { niche_bounds(lower: .nan, upper: .nan) }
}

extension ConvolutionLowering {
  /// Whether each channel makes one of its own.
  var isDepthwise: Bool { groupCount > 1 && group.channels == 1 && group.result_channels == 1 }

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
    let count = withUnsafePointer(to: group) { winogradScratch($0, Layout.blockCount(images: imageCount)) }
    if count >= 0 { return (true, count) }
    return blockScratchByteCount.map { (false, $0) }
  }
}

/// Batch normalisation by running statistics as a scaling of a convolution's weight and bias.
struct FoldedNormalization {
  private let epsilon: Double
  private let gamma: UnsafePointer<Float>?
  private let beta: UnsafePointer<Float>?
  private let mean: UnsafePointer<Float>
  private let variance: UnsafePointer<Float>
  private let weight: UnsafePointer<Float>
  private let bias: UnsafePointer<Float>?
  private let channels: Int
  private let depth: Int
  /// The weights, then the biases.
  let space: UnsafeMutablePointer<Float>

  /// The normalisation's vectors begin with operand `first`.
  init(
    _ normalization: BatchNormalization, _ operands: LoweredOperation.Operands, first: Int,
    weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?, channels: Int, depth: Int,
    space: UnsafeMutablePointer<Float>
  ) {
    epsilon = normalization.epsilon
    gamma = normalization.isAffine ? UnsafePointer(operands.input(first)) : nil
    beta = normalization.isAffine ? UnsafePointer(operands.input(first + 1)) : nil
    let statistics = normalization.isAffine ? first + 2 : first
    mean = UnsafePointer(operands.input(statistics))
    variance = UnsafePointer(operands.input(statistics + 1))
    self.weight = weight
    self.bias = bias
    self.channels = channels
    self.depth = depth
    self.space = space
  }

  func fold() {
    for channel in 0..<channels {
      let slope = Double(gamma?[channel] ?? 1) / (Double(variance[channel]) + epsilon).squareRoot()
      let (from, to, factor) = (weight + channel * depth, space + channel * depth, Float(slope))
      for index in 0..<depth { to[index] = from[index] * factor }
      space[channels * depth + channel] = Float(
        Double(beta?[channel] ?? 0) + (Double(bias?[channel] ?? 0) - Double(mean[channel])) * slope)
    }
  }
}

extension UnaryFunction {
  /// The bounds between which the function is the identity and beyond which it stays, if it is of that kind.
  var bounds: niche_bounds? {
    switch self {
    case .relu: niche_bounds(lower: 0, upper: .nan)
    case .relu6: niche_bounds(lower: 0, upper: 6)
    case .hardTanh(let lower, let upper): niche_bounds(lower: Float(lower), upper: Float(upper))
    default: nil
    }
  }
}
