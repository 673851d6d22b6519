import CKernels
import NetworkGraph

extension LoweringContext {
  /// Sums of pointwise convolutions over blocks of images, as one product.
  func pointwiseSum(_ sum: PointwiseSum) throws(ExecutionError) -> LoweredOperation {
    let (kernels, terms, starts) = (kernels, sum.terms, sum.starts)
    let (blocks, rows) = (outputs[0].shape[0], outputs[0].shape[1])
    let (pixels, resultSize) = (outputs[0].shape[2] * outputs[0].shape[3], outputCount / blocks)
    let images = zip(terms, starts).map { $1 + $0.images }
    let channels = images.map { shape($0)[1] }
    let depth = channels.reduce(0, +)
    let product = niche_pointwise_sum_scratch(rows, depth)
    guard product >= 0 else { throw .tooLarge("convolutions to \(outputs[0].shape) of \(depth) channels") }
    let scaling = ScaledTerms(sum, channels: channels, rows: rows)
    let scales = scaling.floatCount > 0
    let scalesOnce =
      scales && (0..<starts[terms.count]).allSatisfy { images.contains($0) || isFixed($0) }
    let (behind, scaled) = (starts[terms.count], AlignedMemory.rounded(product))
    let scaledByteCount = scaling.floatCount * MemoryLayout<Float>.stride
    let residual = sum.addsResidual ? behind : nil
    let gate = sum.gate == nil ? nil : inputs.count - 1
    func space(_ operands: LoweredOperation.Operands) -> UnsafeMutablePointer<Float> {
      (scalesOnce ? operands.kept : operands.scratch + scaled).assumingMemoryBound(to: Float.self)
    }
    var operation = LoweredOperation(
      units: blocks, scratchByteCount: scaled + (scalesOnce ? 0 : scaledByteCount),
      inPlace: [residual, gate].compactMap { $0.map { LoweredOperation.InPlace(output: 0, input: $0) } }
    ) { operands, range in
      func operand(_ index: Int) -> UnsafePointer<Float> {
        UnsafePointer(operands.input(index) + range.lowerBound * resultSize)
      }
      let space = space(operands)
      let list = terms.indices.map { index in
        let imageSize = channels[index] * pixels * Layout.blockSize
        return niche_pointwise_term(
          channels: channels[index], images: operands.input(images[index]) + range.lowerBound * imageSize,
          weight: scaling.weight(index, operands, space),
          row_step: terms[index].isGradient ? 1 : channels[index],
          channel_step: terms[index].isGradient ? rows : 1)
      }
      let finish = niche_finish(
        residual: residual.map(operand), bounds: (sum.activation ?? sum.gate)?.bounds ?? .none,
        gate: gate.map(operand))
      let (bias, result) = (scales ? space : nil, operands.output(0) + range.lowerBound * resultSize)
      return {
        if scales, !scalesOnce { scaling.scale(operands, space) }
        withUnsafePointer(to: finish) { finish in
          list.withUnsafeBufferPointer { list in
            guard let first = list.baseAddress else { return }
            kernels.pointee.convolve_pointwise_sum(
              pixels, rows, range.count, list.count, first, bias, finish, result, operands.scratch)
          }
        }
      }
    }
    operation.work = outputCount.multipliedSaturating(by: depth) / 16
    operation.sections = imageSections(operation)
    if scalesOnce {
      operation.preparation = LoweredOperation.Preparation(byteCount: scaledByteCount) { operands in
        { scaling.scale(operands, space(operands)) }
      }
    }
    return operation
  }
}

/// The weights of a sum's terms, scaled by the normalisations behind them, and what all add to a channel.
private struct ScaledTerms {
  private let terms: [PointwiseSum.Term]
  private let starts: [Int]
  private let channels: [Int]
  private let rows: Int
  /// By term, where its scaled weights and biases begin; nil where it is not normalised.
  private let places: [Int?]
  /// The sum's biases, then those weights; 0 where there are neither.
  let floatCount: Int

  init(_ sum: PointwiseSum, channels: [Int], rows: Int) {
    (terms, starts, self.channels, self.rows) = (sum.terms, sum.starts, channels, rows)
    var (places, end): ([Int?], Int) = ([], rows)
    for (term, channels) in zip(sum.terms, channels) {
      places.append(term.normalization == nil ? nil : end)
      if term.normalization != nil { end += rows * (channels + 1) }
    }
    self.places = places
    let adds = sum.terms.contains { !$0.isGradient && ($0.convolution.hasBias || $0.normalization != nil) }
    floatCount = adds ? end : 0
  }

  func weight(
    _ index: Int, _ operands: LoweredOperation.Operands, _ space: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    UnsafePointer(places[index].map { space + $0 } ?? operands.input(starts[index] + terms[index].weight))
  }

  func scale(_ operands: LoweredOperation.Operands, _ space: UnsafeMutablePointer<Float>) {
    space.update(repeating: 0, count: rows)
    for (index, term) in terms.enumerated() where !term.isGradient {
      let start = starts[index]
      var bias = term.convolution.hasBias ? UnsafePointer(operands.input(start + 2)) : nil
      if let normalization = term.normalization, let place = places[index] {
        let folding = FoldedNormalization(
          normalization, operands, first: start + (term.convolution.hasBias ? 3 : 2),
          weight: operands.input(start + 1), bias: bias, channels: rows, depth: channels[index],
          space: space + place)
        folding.fold()
        bias = UnsafePointer(space + place + rows * channels[index])
      }
      if let bias { for row in 0..<rows { space[row] += bias[row] } }
    }
  }
}
