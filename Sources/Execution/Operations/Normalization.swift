import CKernels
import NetworkGraph

/// x `[N, C, …]` as images, channels and plane, as they lie in memory.
struct ChannelLayout {
  var images: Int
  var channels: Int
  var plane: Int
  /// How many elements a channel has, without what lies behind the last image of blocks.
  var count: Double

  /// The layout of operand 0.
  init(_ context: LoweringContext) {
    let shape = context.shape(0)
    images = shape[0]
    channels = shape[1]
    plane = shape.dropFirst(2).reduce(1, *)
    count = Double(context.imageElementCount(0) / channels)
  }

  /// The same over some of the channels.
  func some(_ range: Range<Int>) -> ChannelLayout {
    var layout = self
    layout.channels = range.count
    return layout
  }

  /// How much of what is read twice should lie in the cache meanwhile.
  private static let cacheByteCount = 1 << 20

  /// Calls the body for parts of the channels, in order, whose operands stay in the cache from one pass over them to the
  /// next.
  ///
  /// - Parameter operands: how many values of x's size both passes read.
  func inParts(_ range: Range<Int>, operands: Int, _ body: (Range<Int>) -> Void) {
    // Channels that lie side by side are read line by line.
    guard plane > 1 else { return body(range) }
    let size = images * plane * MemoryLayout<Float>.stride * operands
    let step = max(1, Self.cacheByteCount / max(1, size))
    for begin in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      body(begin..<min(begin + step, range.upperBound))
    }
  }
}

extension LoweringContext {
  /// Batch normalisation with what follows it.
  func normalization(_ fused: FusedNormalization) -> LoweredOperation {
    fused.normalization.isTraining ? trainingNormalization(fused) : evaluationNormalization(fused)
  }

  /// The operands' places over which a fused normalisation's first result may lie.
  private func overwritable(_ fused: FusedNormalization) -> [LoweredOperation.InPlace] {
    (fused.addsResidual ? [.init(output: 0, input: inputs.count - 1)] : []) + [.init(output: 0, input: 0)]
  }

  /// Batch normalisation by batch statistics (Ioffe & Szegedy 2015); the running variance takes the unbiased one.
  private func trainingNormalization(_ fused: FusedNormalization) -> LoweredOperation {
    let (kernels, inputCount, outputCount) = (kernels, inputs.count, outputs.count)
    return byChannels(operands: 1, inPlace: overwritable(fused)) { operands, layout in
      TrainingNormalization(
        fused, layout, kernels, operands, residualIndex: inputCount - 1, outputCount: outputCount
      ).run
    }
  }

  /// Two passes over each channel, done for as many at a time as stay in the cache, or in sections.
  ///
  /// - Parameters:
  ///   - count: how many values of x's size both passes read.
  ///   - inPlace: where the first result may lie.
  ///   - bind: what does some channels of a layout.
  private func byChannels(
    operands count: Int, inPlace: [LoweredOperation.InPlace],
    bind: @escaping (LoweredOperation.Operands, ChannelLayout) -> (Range<Int>) -> Void
  ) -> LoweredOperation {
    let layout = ChannelLayout(self)
    var operation = LoweredOperation(
      units: layout.channels, scratchByteCount: layout.scratchByteCount, inPlace: inPlace
    ) { operands, range in
      let body = bind(operands, layout)
      return { layout.inParts(range, operands: count, body) }
    }
    guard worksInBlocks else { return operation }
    // Behind the first result are vectors.
    operation.sections = channelSections(
      outputs: [channelUse(outputs[0])] + outputs.dropFirst().map { _ in .whole }
    ) { operands, range in
      let body = bind(operands.vectors(from: range.lowerBound), layout.some(range))
      return { body(0..<range.count) }
    }
    return operation
  }

  /// Batch normalisation by running statistics.
  private func evaluationNormalization(_ fused: FusedNormalization) -> LoweredOperation {
    let (kernels, layout) = (kernels, ChannelLayout(self))
    let (normalization, activation) = (fused.normalization, fused.activation.activation)
    let channels = layout.channels
    let running = normalization.isAffine ? 3 : 1
    let residualIndex = inputs.count - 1
    return LoweredOperation(
      units: channels, scratchByteCount: 2 * channels * MemoryLayout<Float>.stride,
      inPlace: overwritable(fused)
    ) { operands, range in
      let (x, result) = (operands.input(0), operands.output(0))
      let weight = normalization.isAffine ? operands.input(1) : nil
      let bias = normalization.isAffine ? operands.input(2) : nil
      let residual = fused.addsResidual ? operands.input(residualIndex) : nil
      let (mean, variance) = (operands.input(running), operands.input(running + 1))
      let scale = operands.scratch.assumingMemoryBound(to: Float.self)
      let shift = scale + channels
      let epsilon = normalization.epsilon
      return {
        for channel in range {
          let slope = Double(weight?[channel] ?? 1) / (Double(variance[channel]) + epsilon).squareRoot()
          scale[channel] = Float(slope)
          shift[channel] = Float(Double(bias?[channel] ?? 0) - Double(mean[channel]) * slope)
        }
        kernels.pointee.channel_affine(
          layout.images, channels, layout.plane, range.lowerBound, range.upperBound, x, scale, shift,
          residual, activation, result)
      }
    }
  }

  /// x, batch mean, batch 1/√(variance + ε), weight if affine, output gradient → gradients of x, weight, bias.
  ///
  /// With an activation, scale and shift come before the gradient, which is that of the activation's value.
  func normalizationGradient(
    _ normalization: BatchNormalization, activation: UnaryFunction? = nil
  ) -> LoweredOperation {
    let (kernels, last) = (kernels, inputs.count - 1)
    return byChannels(
      operands: 2, inPlace: [.init(output: 0, input: last), .init(output: 0, input: 0)]
    ) { operands, layout in
      NormalizationGradient(normalization, activation, layout, kernels, operands, last: last).run
    }
  }
}

extension LoweredOperation.Operands {
  /// The operands of a section by channels with vectors that begin with that channel.
  fileprivate func vectors(from channel: Int) -> LoweredOperation.Operands {
    func moved(_ memory: UnsafeMutableRawPointer, _ step: Int) -> UnsafeMutableRawPointer {
      step == 0 ? memory + channel * MemoryLayout<Float>.stride : memory
    }
    var own = self
    own.inputs = zip(inputs, inputSteps).map(moved)
    own.outputs = zip(outputs, outputSteps).map(moved)
    return own
  }
}

extension UnaryFunction? {
  /// The function as the kernels take it.
  var activation: niche_activation {
    guard let (function, p, q) = self?.code else {
      return niche_activation(function: NICHE_NO_FUNCTION.rawValue, p: 0, q: 0)
    }
    return niche_activation(function: function, p: p, q: q)
  }
}
