/// Copies images into the input of a network: normalised, and augmented where asked for.
struct BatchAssembler {
  private let dataset: ImageDataset
  private let table: [Float]

  /// An assembler for a data set whose channels are those of the normalisation.
  init(_ dataset: ImageDataset, _ normalization: Normalization) {
    self.dataset = dataset
    table = normalization.table
  }

  /// Writes one image, `[channels, height, width]`, to the start of the destination.
  ///
  /// Pixels that a shift brings in from outside are black before normalisation, as with torchvision.
  func copy(
    _ example: Int, _ draw: Augmentation.Draw, to destination: UnsafeMutableBufferPointer<Float>
  ) {
    let (height, width) = (dataset.height, dataset.width)
    // The columns whose source is inside the image, before mirroring.
    let inside = max(0, -draw.columns)..<max(max(0, -draw.columns), min(width, width - draw.columns))
    dataset.images.withUnsafeBufferPointer { pixels in
      table.withUnsafeBufferPointer { table in
        for channel in 0..<dataset.channels {
          let values = UnsafeBufferPointer(rebasing: table[channel * 256..<(channel + 1) * 256])
          for row in 0..<height {
            let place = (channel * height + row) * width
            let line = UnsafeMutableBufferPointer(rebasing: destination[place..<place + width])
            let source = row + draw.rows
            guard source >= 0, source < height else {
              line.update(repeating: values[0])
              continue
            }
            let first = example * dataset.pixelsPerImage + (channel * height + source) * width + draw.columns
            if inside.count < width { line.update(repeating: values[0]) }
            if draw.isFlipped {
              for column in inside { line[width - 1 - column] = values[Int(pixels[first + column])] }
            } else {
              for column in inside { line[column] = values[Int(pixels[first + column])] }
            }
          }
        }
      }
    }
  }
}

extension DatasetPart {
  /// Normalised images `[positions.count, C, H, W]` and their labels, without augmentation.
  ///
  /// - Throws: `DatasetError.invalidSplit` where a position is outside the part.
  public func batch(
    at positions: [Int], normalization: Normalization
  ) throws(DatasetError) -> (images: [Float], labels: [Int32]) {
    guard positions.allSatisfy({ indices.indices.contains($0) }) else {
      throw .invalidSplit("a position is outside the \(count) images")
    }
    guard normalization.mean.count == dataset.channels, normalization.deviation.count == dataset.channels
    else {
      throw .invalidSplit("the normalisation does not have the images' \(dataset.channels) channel(s)")
    }
    let assembler = BatchAssembler(dataset, normalization)
    let size = dataset.pixelsPerImage
    let images = [Float](unsafeUninitializedCapacity: positions.count * size) { buffer, count in
      buffer.initialize(repeating: 0)
      for (row, position) in positions.enumerated() {
        assembler.copy(
          indices[position], .identity,
          to: UnsafeMutableBufferPointer(rebasing: buffer[row * size..<(row + 1) * size]))
      }
      count = positions.count * size
    }
    return (images, positions.map { dataset.labels[indices[$0]] })
  }
}
