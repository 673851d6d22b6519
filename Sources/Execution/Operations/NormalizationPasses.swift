import CKernels
import NetworkGraph

/// The passes of a batch normalisation by batch statistics, bound to memory.
struct TrainingNormalization {
  private let layout: ChannelLayout
  private let kernels: Kernels
  private let normalization: BatchNormalization
  private let activation: niche_activation
  private let x: UnsafePointer<Float>
  private let residual, weight, bias: UnsafePointer<Float>?
  private let result, mean, inverse, scale, shift, pivots: UnsafeMutablePointer<Float>
  private let sums, squares: UnsafeMutablePointer<Double>
  private let xStep, residualStep, resultStep: Int
  private let tracked:
    (
      oldMean: UnsafePointer<Float>, oldVariance: UnsafePointer<Float>, newMean: UnsafeMutablePointer<Float>,
      newVariance: UnsafeMutablePointer<Float>
    )?

  init(
    _ fused: FusedNormalization, _ layout: ChannelLayout, _ kernels: Kernels,
    _ operands: LoweredOperation.Operands, residualIndex: Int, outputCount: Int
  ) {
    self.layout = layout
    self.kernels = kernels
    normalization = fused.normalization
    activation = fused.activation.activation
    x = UnsafePointer(operands.input(0))
    result = operands.output(0)
    xStep = layout.step(operands.inputSteps, 0)
    residualStep = layout.step(operands.inputSteps, residualIndex)
    resultStep = layout.step(operands.outputSteps, 0)
    (mean, inverse) = (operands.output(1), operands.output(2))
    weight = normalization.isAffine ? UnsafePointer(operands.input(1)) : nil
    bias = normalization.isAffine ? UnsafePointer(operands.input(2)) : nil
    residual = fused.addsResidual ? UnsafePointer(operands.input(residualIndex)) : nil
    let running = normalization.isAffine ? 3 : 1
    tracked =
      normalization.tracksRunningStatistics
      ? (
        UnsafePointer(operands.input(running)), UnsafePointer(operands.input(running + 1)),
        operands.output(3),
        operands.output(4)
      ) : nil
    sums = operands.scratch.assumingMemoryBound(to: Double.self)
    squares = sums + layout.channels
    pivots = UnsafeMutableRawPointer(squares + layout.channels).assumingMemoryBound(to: Float.self)
    scale = fused.yieldsScale ? operands.output(outputCount - 2) : pivots + layout.channels
    shift = fused.yieldsScale ? operands.output(outputCount - 1) : pivots + 2 * layout.channels
  }

  /// Normalises some channels by their statistics.
  func run(_ channels: Range<Int>) {
    layout.forRuns(xStep) { images, block in
      kernels.pointee.channel_moments(
        images.count, layout.channels, layout.plane, channels.lowerBound, channels.upperBound,
        images.portion(of: layout.images), x + block * xStep, pivots, sums, squares)
    }
    settle(channels)
    layout.forRuns(xStep, residual == nil ? xStep : residualStep, resultStep) { images, block in
      kernels.pointee.channel_affine(
        images.count, layout.channels, layout.plane, channels.lowerBound, channels.upperBound,
        x + block * xStep, scale, shift, residual.map { $0 + block * residualStep }, activation,
        result + block * resultStep)
    }
  }

  /// Makes statistics of the sums of some channels.
  private func settle(_ channels: Range<Int>) {
    // Behind the last image are zeros.
    let zeros = Double(layout.images * layout.plane) - layout.count
    for channel in channels {
      let pivot = Double(pivots[channel])
      let difference = (sums[channel] + zeros * pivot) / layout.count
      let average = pivot + difference
      let square = (squares[channel] - zeros * pivot * pivot) / layout.count
      let variance = max(0, square - difference * difference)
      // Not-a-number must stay one, and `max` would drop it.
      let safe = squares[channel].isFinite ? variance : .nan
      let root = 1 / (safe + normalization.epsilon).squareRoot()
      let slope = root * Double(weight?[channel] ?? 1)
      mean[channel] = Float(average)
      inverse[channel] = Float(root)
      scale[channel] = Float(slope)
      shift[channel] = Float(Double(bias?[channel] ?? 0) - average * slope)
      if let tracked {
        let unbiased = safe * layout.count / (layout.count - 1)
        let momentum = normalization.momentum
        tracked.newMean[channel] = Float(
          Double(tracked.oldMean[channel]) * (1 - momentum) + average * momentum)
        tracked.newVariance[channel] = Float(
          Double(tracked.oldVariance[channel]) * (1 - momentum) + unbiased * momentum)
      }
    }
  }
}

/// The passes of the gradient of a batch normalisation by batch statistics, bound to memory.
struct NormalizationGradient {
  private let layout: ChannelLayout
  private let kernels: Kernels
  private let x, mean, inverse, gradient: UnsafePointer<Float>
  private let weight: UnsafePointer<Float>?
  private let result, offset, slope, scale: UnsafeMutablePointer<Float>
  private let weightGradient, biasGradient: UnsafeMutablePointer<Float>?
  private let sums, products: UnsafeMutablePointer<Double>
  private let xStep, gradientStep, resultStep: Int
  private let gate: niche_gate?

  init(
    _ normalization: BatchNormalization, _ activation: UnaryFunction?, _ layout: ChannelLayout,
    _ kernels: Kernels, _ operands: LoweredOperation.Operands, last: Int
  ) {
    self.layout = layout
    self.kernels = kernels
    x = UnsafePointer(operands.input(0))
    xStep = layout.step(operands.inputSteps, 0)
    gradientStep = layout.step(operands.inputSteps, last)
    resultStep = layout.step(operands.outputSteps, 0)
    (mean, inverse) = (UnsafePointer(operands.input(1)), UnsafePointer(operands.input(2)))
    weight = normalization.isAffine ? UnsafePointer(operands.input(3)) : nil
    (gradient, result) = (UnsafePointer(operands.input(last)), operands.output(0))
    weightGradient = normalization.isAffine ? operands.output(1) : nil
    biasGradient = normalization.isAffine ? operands.output(2) : nil
    sums = operands.scratch.assumingMemoryBound(to: Double.self)
    products = sums + layout.channels
    offset = UnsafeMutableRawPointer(products + layout.channels).assumingMemoryBound(to: Float.self)
    (slope, scale) = (offset + layout.channels, offset + 2 * layout.channels)
    gate = activation.map { function in
      niche_gate(
        activation: Optional(function).activation, scale: operands.input(last - 2),
        shift: operands.input(last - 1))
    }
  }

  /// Computes the gradients of some channels.
  func run(_ channels: Range<Int>) {
    withGate(gate) { gate in
      layout.forRuns(xStep, gradientStep) { images, block in
        kernels.pointee.channel_gradient_moments(
          images.count, layout.channels, layout.plane, channels.lowerBound, channels.upperBound,
          images.portion(of: layout.images), x + block * xStep, mean, gradient + block * gradientStep, gate,
          sums,
          products)
      }
      settle(channels)
      layout.forRuns(xStep, gradientStep, resultStep) { images, block in
        kernels.pointee.channel_gradient(
          images.count, layout.channels, layout.plane, channels.lowerBound, channels.upperBound,
          x + block * xStep, mean, gradient + block * gradientStep, gate, offset, slope, scale,
          result + block * resultStep)
      }
    }
  }

  /// Makes of the sums what each element's gradient needs, and the gradients of weight and bias.
  private func settle(_ channels: Range<Int>) {
    for channel in channels {
      let root = Double(inverse[channel])
      offset[channel] = Float(sums[channel] / layout.count)
      slope[channel] = Float(products[channel] * root * root / layout.count)
      scale[channel] = Float(root * Double(weight?[channel] ?? 1))
      weightGradient?[channel] = Float(products[channel] * root)
      biasGradient?[channel] = Float(sums[channel])
    }
  }
}

extension ChannelLayout {
  /// Two sums in double precision and three numbers for each channel.
  var scratchByteCount: Int { channels * (2 * MemoryLayout<Double>.stride + 3 * MemoryLayout<Float>.stride) }

  /// Elements from one image to the next, or block of them, of an operand in a section by channels, or else of all.
  fileprivate func step(_ bytes: [Int], _ index: Int) -> Int {
    bytes.isEmpty ? channels * plane : bytes[index] / MemoryLayout<Float>.stride
  }

  /// Calls the body with all images at once where those of all operands follow each other, or else one by one.
  ///
  /// - Parameters:
  ///   - steps: elements from one image to the next.
  ///   - body: takes the images and the number of the first.
  fileprivate func forRuns(_ steps: Int..., body: (Range<Int>, Int) -> Void) {
    if steps.allSatisfy({ $0 == channels * plane }) { return body(0..<images, 0) }
    for image in 0..<images { body(image..<image + 1, image) }
  }
}

/// Calls the body with a pointer to the gate, null where there is none.
private func withGate(_ gate: niche_gate?, _ body: (UnsafePointer<niche_gate>?) -> Void) {
  if let gate { withUnsafePointer(to: gate) { body($0) } } else { body(nil) }
}
