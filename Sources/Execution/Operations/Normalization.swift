import CKernels
import NetworkGraph

/// x `[N, C, …]` as images, channels and plane, as they lie in memory.
private struct ChannelLayout {
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
    let (kernels, layout) = (kernels, ChannelLayout(self))
    let (normalization, activation) = (fused.normalization, fused.activation.activation)
    let channels = layout.channels
    let running = normalization.isAffine ? 3 : 1
    let (residualIndex, scaleIndex) = (inputs.count - 1, outputs.count - 2)
    return LoweredOperation(
      units: channels,
      scratchByteCount: channels * (2 * MemoryLayout<Double>.stride + 2 * MemoryLayout<Float>.stride),
      inPlace: overwritable(fused)
    ) { operands, range in
      let (x, result) = (operands.input(0), operands.output(0))
      let (mean, inverse) = (operands.output(1), operands.output(2))
      let weight = normalization.isAffine ? operands.input(1) : nil
      let bias = normalization.isAffine ? operands.input(2) : nil
      let residual = fused.addsResidual ? operands.input(residualIndex) : nil
      let tracked =
        normalization.tracksRunningStatistics
        ? (
          oldMean: operands.input(running), oldVariance: operands.input(running + 1),
          newMean: operands.output(3), newVariance: operands.output(4)
        ) : nil
      let sums = operands.scratch.assumingMemoryBound(to: Double.self)
      let squares = sums + channels
      let factors = UnsafeMutableRawPointer(squares + channels).assumingMemoryBound(to: Float.self)
      let scale = fused.yieldsScale ? operands.output(scaleIndex) : factors
      let shift = fused.yieldsScale ? operands.output(scaleIndex + 1) : factors + channels
      let (epsilon, momentum) = (normalization.epsilon, normalization.momentum)
      return {
        layout.inParts(range, operands: 1) { part in
          kernels.pointee.channel_moments(
            layout.images, channels, layout.plane, part.lowerBound, part.upperBound, x, sums, squares)
          for channel in part {
            let average = sums[channel] / layout.count
            let variance = max(0, squares[channel] / layout.count - average * average)
            // Not-a-number must stay one, and `max` would drop it.
            let safe = squares[channel].isFinite ? variance : .nan
            let root = 1 / (safe + epsilon).squareRoot()
            let slope = root * Double(weight?[channel] ?? 1)
            mean[channel] = Float(average)
            inverse[channel] = Float(root)
            scale[channel] = Float(slope)
            shift[channel] = Float(Double(bias?[channel] ?? 0) - average * slope)
            if let tracked {
              let unbiased = safe * layout.count / (layout.count - 1)
              tracked.newMean[channel] = Float(
                Double(tracked.oldMean[channel]) * (1 - momentum) + average * momentum)
              tracked.newVariance[channel] = Float(
                Double(tracked.oldVariance[channel]) * (1 - momentum) + unbiased * momentum)
            }
          }
          kernels.pointee.channel_affine(
            layout.images, channels, layout.plane, part.lowerBound, part.upperBound, x, scale, shift,
            residual, activation, result)
        }
      }
    }
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
    let (kernels, layout) = (kernels, ChannelLayout(self))
    let channels = layout.channels
    let last = inputs.count - 1
    return LoweredOperation(
      units: channels,
      scratchByteCount: channels * (2 * MemoryLayout<Double>.stride + 3 * MemoryLayout<Float>.stride),
      inPlace: [.init(output: 0, input: last), .init(output: 0, input: 0)]
    ) { operands, range in
      let (x, mean, inverse) = (operands.input(0), operands.input(1), operands.input(2))
      let weight = normalization.isAffine ? operands.input(3) : nil
      let (gradient, result) = (operands.input(last), operands.output(0))
      let weightGradient = normalization.isAffine ? operands.output(1) : nil
      let biasGradient = normalization.isAffine ? operands.output(2) : nil
      let sums = operands.scratch.assumingMemoryBound(to: Double.self)
      let products = sums + channels
      let offset = UnsafeMutableRawPointer(products + channels).assumingMemoryBound(to: Float.self)
      let (slope, scale) = (offset + channels, offset + 2 * channels)
      let gate = activation.map { function in
        niche_gate(
          activation: Optional(function).activation, scale: operands.input(last - 2),
          shift: operands.input(last - 1))
      }
      return {
        withGate(gate) { gate in
          layout.inParts(range, operands: 2) { part in
            kernels.pointee.channel_gradient_moments(
              layout.images, channels, layout.plane, part.lowerBound, part.upperBound, x, mean, gradient,
              gate, sums, products)
            for channel in part {
              let root = Double(inverse[channel])
              offset[channel] = Float(sums[channel] / layout.count)
              slope[channel] = Float(products[channel] * root * root / layout.count)
              scale[channel] = Float(root * Double(weight?[channel] ?? 1))
              weightGradient?[channel] = Float(products[channel] * root)
              biasGradient?[channel] = Float(sums[channel])
            }
            kernels.pointee.channel_gradient(
              layout.images, channels, layout.plane, part.lowerBound, part.upperBound, x, mean, gradient,
              gate, offset, slope, scale, result)
          }
        }
      }
    }
  }
}

/// Calls the body with a pointer to the gate, null where there is none.
private func withGate(_ gate: niche_gate?, _ body: (UnsafePointer<niche_gate>?) -> Void) {
  if let gate { withUnsafePointer(to: gate) { body($0) } } else { body(nil) }
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
