import NetworkGraph

/// Convolution by its definition: every tap of every window, one after the other.
struct ReferenceConvolution {
  let convolution: Convolution

  init(_ convolution: Convolution) { self.convolution = convolution }

  func forward(_ x: [ReferenceTensor], _ shape: [Int]) -> ReferenceTensor {
    var result = ReferenceTensor(shape)
    if convolution.hasBias {
      result = ReferenceTensor(shape) { x[2].elements[$0[1]] }
    }
    forEachTap(images: x[0].shape, weight: x[1].shape, output: shape) { image, weight, output in
      result.elements[output] += x[0].elements[image] * x[1].elements[weight]
    }
    return result
  }

  func inputGradient(weight: ReferenceTensor, gradient: ReferenceTensor, _ shape: [Int]) -> ReferenceTensor {
    var result = ReferenceTensor(shape)
    forEachTap(images: shape, weight: weight.shape, output: gradient.shape) { image, tap, output in
      result.elements[image] += gradient.elements[output] * weight.elements[tap]
    }
    return result
  }

  func weightGradient(images: ReferenceTensor, gradient: ReferenceTensor, _ shape: [Int]) -> ReferenceTensor {
    var result = ReferenceTensor(shape)
    forEachTap(images: images.shape, weight: shape, output: gradient.shape) { image, tap, output in
      result.elements[tap] += gradient.elements[output] * images.elements[image]
    }
    return result
  }

  /// The offsets of image element, weight element and output element of every product.
  private func forEachTap(
    images: [Int], weight: [Int], output: [Int], _ body: (Int, Int, Int) -> Void
  ) {
    let perGroup = output[1] / convolution.groups
    for n in 0..<output[0] {
      for o in 0..<output[1] {
        for y in 0..<output[2] {
          for x in 0..<output[3] {
            for c in 0..<weight[1] {
              for i in 0..<weight[2] {
                let row =
                  y * convolution.stride.height + i * convolution.dilation.height
                  - convolution.padding.height
                guard row >= 0, row < images[2] else { continue }
                for j in 0..<weight[3] {
                  let column =
                    x * convolution.stride.width + j * convolution.dilation.width
                    - convolution.padding.width
                  guard column >= 0, column < images[3] else { continue }
                  let channel = o / perGroup * weight[1] + c
                  body(
                    ((n * images[1] + channel) * images[2] + row) * images[3] + column,
                    ((o * weight[1] + c) * weight[2] + i) * weight[3] + j,
                    ((n * output[1] + o) * output[2] + y) * output[3] + x)
                }
              }
            }
          }
        }
      }
    }
  }
}

/// Pooling by its definition.
enum ReferencePooling {
  static func maximum(_ pooling: Pooling, _ x: ReferenceTensor, _ shape: [Int]) -> [ReferenceTensor] {
    maximum(x, shape) { taps(pooling, x.shape, $0) }
  }

  static func adaptiveMaximum(_ x: ReferenceTensor, _ shape: [Int]) -> [ReferenceTensor] {
    maximum(x, shape) { adaptiveTaps(x.shape, shape, $0) }
  }

  static func maximumGradient(
    _ gradient: ReferenceTensor, _ indices: ReferenceTensor, _ shape: [Int]
  ) -> ReferenceTensor {
    var result = ReferenceTensor(shape)
    for place in ReferenceTensor.places(gradient.shape) {
      let index = Int(indices[place])
      result[[place[0], place[1], index / shape[3], index % shape[3]]] += gradient[place]
    }
    return result
  }

  static func average(_ pooling: AveragePooling, _ x: ReferenceTensor, _ shape: [Int]) -> ReferenceTensor {
    ReferenceTensor(shape) { place in
      let sum = taps(pooling.window, x.shape, place).reduce(0) { $0 + x[[place[0], place[1], $1.0, $1.1]] }
      return sum / divisor(pooling, x.shape, place)
    }
  }

  static func averageGradient(
    _ pooling: AveragePooling, _ gradient: ReferenceTensor, _ shape: [Int]
  ) -> ReferenceTensor {
    var result = ReferenceTensor(shape)
    for place in ReferenceTensor.places(gradient.shape) {
      let share = gradient[place] / divisor(pooling, shape, place)
      for (row, column) in taps(pooling.window, shape, place) {
        result[[place[0], place[1], row, column]] += share
      }
    }
    return result
  }

  static func adaptiveAverage(_ x: ReferenceTensor, _ shape: [Int]) -> ReferenceTensor {
    ReferenceTensor(shape) { place in
      let taps = adaptiveTaps(x.shape, shape, place)
      return taps.reduce(0) { $0 + x[[place[0], place[1], $1.0, $1.1]] } / Double(taps.count)
    }
  }

  static func adaptiveAverageGradient(_ gradient: ReferenceTensor, _ shape: [Int]) -> ReferenceTensor {
    var result = ReferenceTensor(shape)
    for place in ReferenceTensor.places(gradient.shape) {
      let taps = adaptiveTaps(shape, gradient.shape, place)
      for (row, column) in taps {
        result[[place[0], place[1], row, column]] += gradient[place] / Double(taps.count)
      }
    }
    return result
  }

  private static func maximum(
    _ x: ReferenceTensor, _ shape: [Int], _ taps: ([Int]) -> [(Int, Int)]
  ) -> [ReferenceTensor] {
    var indices = ReferenceTensor(shape)
    let y = ReferenceTensor(shape) { place in
      var best = -Double.infinity
      for (row, column) in taps(place) where x[[place[0], place[1], row, column]] > best {
        best = x[[place[0], place[1], row, column]]
        indices[place] = Double(row * x.shape[3] + column)
      }
      return best
    }
    return [y, indices]
  }

  /// The rows and columns of a window that are inside the image.
  private static func taps(_ pooling: Pooling, _ images: [Int], _ place: [Int]) -> [(Int, Int)] {
    var result: [(Int, Int)] = []
    for i in 0..<pooling.kernel.height {
      for j in 0..<pooling.kernel.width {
        let row = place[2] * pooling.stride.height + i * pooling.dilation.height - pooling.padding.height
        let column = place[3] * pooling.stride.width + j * pooling.dilation.width - pooling.padding.width
        if row >= 0, row < images[2], column >= 0, column < images[3] { result.append((row, column)) }
      }
    }
    return result
  }

  private static func adaptiveTaps(_ images: [Int], _ output: [Int], _ place: [Int]) -> [(Int, Int)] {
    func range(_ axis: Int) -> Range<Int> {
      let (index, count, extent) = (place[axis], output[axis], images[axis])
      return index * extent / count..<((index + 1) * extent + count - 1) / count
    }
    return range(2).flatMap { row in range(3).map { (row, $0) } }
  }

  /// Padding counts as far as the border reaches; what rounding up adds behind it does not.
  private static func divisor(_ pooling: AveragePooling, _ images: [Int], _ place: [Int]) -> Double {
    if let divisor = pooling.divisor { return Double(divisor) }
    let window = pooling.window
    guard pooling.countsPadding else { return Double(taps(window, images, place).count) }
    let top = place[2] * window.stride.height - window.padding.height
    let left = place[3] * window.stride.width - window.padding.width
    let bottom = min(top + window.kernel.height, images[2] + window.padding.height)
    let right = min(left + window.kernel.width, images[3] + window.padding.width)
    return Double((bottom - top) * (right - left))
  }
}
