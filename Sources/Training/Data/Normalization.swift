/// The mean and standard deviation of each channel, of pixels scaled to 0 … 1.
///
/// A pixel `p` of channel `c` becomes `(p / 255 − mean[c]) / deviation[c]`, as torchvision's `ToTensor` and
/// `Normalize` have it.
public struct Normalization: Sendable, Hashable, Codable {
  /// The mean of each channel.
  public let mean: [Double]
  /// The (population) standard deviation of each channel; 1 for a channel that is constant.
  public let deviation: [Double]

  /// A given mean and deviation of each channel, such as published ones; deviations are above 0.
  public init(mean: [Double], deviation: [Double]) {
    self.mean = mean
    self.deviation = deviation
  }

  /// The mean and deviation of the images of a part, from exact sums of bytes.
  public init(of part: DatasetPart) {
    let dataset = part.dataset
    let plane = dataset.height * dataset.width
    var histograms = [[Int]](repeating: [Int](repeating: 0, count: 256), count: dataset.channels)
    dataset.images.withUnsafeBufferPointer { pixels in
      for (channel, start) in stride(from: 0, to: dataset.pixelsPerImage, by: plane).enumerated() {
        histograms[channel].withUnsafeMutableBufferPointer { histogram in
          for index in part.indices {
            let first = index * dataset.pixelsPerImage + start
            for pixel in first..<first + plane { histogram[Int(pixels[pixel])] += 1 }
          }
        }
      }
    }
    let count = Double(max(1, part.count * plane))
    var mean: [Double] = []
    var deviation: [Double] = []
    for histogram in histograms {
      let average = histogram.enumerated().reduce(0) { $0 + Double($1.offset * $1.element) } / count
      let variance =
        histogram.enumerated().reduce(0) { sum, bin in
          let distance = Double(bin.offset) - average
          return sum + distance * distance * Double(bin.element)
        } / count
      mean.append(average / 255)
      deviation.append(variance > 0 ? variance.squareRoot() / 255 : 1)
    }
    self.mean = mean
    self.deviation = deviation
  }

  /// The normalised value of each byte, `[channels · 256]`.
  var table: [Float] {
    zip(mean, deviation).flatMap { mean, deviation in
      (0..<256).map { Float((Double($0) / 255 - mean) / deviation) }
    }
  }
}
