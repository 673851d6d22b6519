import RandomStreams
import Testing

@testable import Training

@Suite struct AugmentationTests {
  private func dataset(_ channels: Int, _ height: Int, _ width: Int) throws -> ImageDataset {
    var random = RandomStream(seed: 6)
    let pixels = (0..<3 * channels * height * width).map { _ in UInt8(1 + random.integer(below: 255)) }
    return try ImageDataset(
      name: "x", channels: channels, height: height, width: width, classNames: ["a"], images: pixels,
      labels: [0, 0, 0])
  }

  private func copy(
    _ assembler: BatchAssembler, _ dataset: ImageDataset, _ draw: Augmentation.Draw
  ) -> [Float] {
    var result = [Float](repeating: .nan, count: dataset.pixelsPerImage)
    result.withUnsafeMutableBufferPointer { assembler.copy(1, draw, to: $0) }
    return result
  }

  @Test(arguments: [(1, 4, 5), (3, 6, 6), (2, 1, 3)])
  func shiftsAndFlipsAreThoseOfThePaddedImage(shape: (Int, Int, Int)) throws {
    let dataset = try dataset(shape.0, shape.1, shape.2)
    let normalization = Normalization(of: DatasetPart(dataset))
    let assembler = BatchAssembler(dataset, normalization)
    for rows in -8...8 {
      for columns in -8...8 {
        for isFlipped in [false, true] {
          let draw = Augmentation.Draw(rows: rows, columns: columns, isFlipped: isFlipped)
          // The definition: pad with black, crop at (padding + rows, padding + columns), mirror, normalise.
          var expected: [Float] = []
          for channel in 0..<shape.0 {
            for row in 0..<shape.1 {
              for column in 0..<shape.2 {
                let x = (isFlipped ? shape.2 - 1 - column : column) + columns
                let y = row + rows
                let isInside = 0..<shape.1 ~= y && 0..<shape.2 ~= x
                let pixel =
                  isInside ? dataset.images[((shape.0 + channel) * shape.1 + y) * shape.2 + x] : 0
                expected.append(
                  Float(
                    (Double(pixel) / 255 - normalization.mean[channel]) / normalization.deviation[channel]))
              }
            }
          }
          #expect(copy(assembler, dataset, draw) == expected, "\(draw)")
        }
      }
    }
  }

  @Test func drawsDependOnEpochAndExampleOnly() {
    let augmentation = Augmentation(cropPadding: 4, horizontalFlip: true)
    let stream = RandomStream(seed: 3)
    let first = (0..<50).map { augmentation.draw(epoch: 2, example: $0, stream: stream) }
    let backwards = (0..<50).reversed().map { augmentation.draw(epoch: 2, example: $0, stream: stream) }
    #expect(first == backwards.reversed())
    #expect(first != (0..<50).map { augmentation.draw(epoch: 3, example: $0, stream: stream) })
    #expect(first != (0..<50).map { augmentation.draw(epoch: 2, example: $0, stream: RandomStream(seed: 4)) })
  }

  @Test func drawsAreUniform() {
    let augmentation = Augmentation(cropPadding: 2, horizontalFlip: true)
    let draws = (0..<10_000).map { augmentation.draw(epoch: 1, example: $0, stream: RandomStream(seed: 3)) }
    for shift in -2...2 {
      // Binomial with p = 1/5: five standard deviations are 200.
      #expect(abs(draws.count { $0.rows == shift } - 2000) < 200)
      #expect(abs(draws.count { $0.columns == shift } - 2000) < 200)
    }
    #expect(draws.allSatisfy { abs($0.rows) <= 2 && abs($0.columns) <= 2 })
    #expect(abs(draws.count { $0.isFlipped } - 5000) < 250)
  }

  @Test func nothingIsDoneUnlessAskedFor() {
    let stream = RandomStream(seed: 3)
    #expect((0..<100).allSatisfy { Augmentation().draw(epoch: 1, example: $0, stream: stream) == .identity })
    let flipsOnly = Augmentation(horizontalFlip: true)
    let draws = (0..<100).map { flipsOnly.draw(epoch: 1, example: $0, stream: stream) }
    #expect(draws.allSatisfy { $0.rows == 0 && $0.columns == 0 })
    #expect(Set(draws.map(\.isFlipped)) == [false, true])
  }
}
