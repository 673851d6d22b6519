import CKernels
import RandomStreams
import Testing

@testable import Execution

/// Maximum pooling of blocks of images and its gradient against windows gone through place by place.
@Suite struct BlockedMaximaTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    var extent: [Int], kernel: [Int], stride: [Int], padding: [Int], result: [Int]
    var testDescription: String { "\(extent) \(kernel) \(stride) \(padding) \(result)" }
  }

  /// Two by two side by side without and with lines left over, with borders, beyond the end, overlapping and
  /// with gaps; three by three, where all, some or no windows lie inside; others.
  static let shapes: [Shape] = [
    ([4, 6], [2, 2], [2, 2], [0, 0], [2, 3]), ([5, 7], [2, 2], [2, 2], [0, 0], [2, 3]),
    ([5, 4], [2, 2], [2, 2], [1, 1], [3, 3]), ([5, 7], [2, 2], [2, 2], [0, 0], [3, 4]),
    ([9, 8], [2, 2], [2, 2], [0, 0], [2, 3]), ([4, 5], [2, 2], [1, 1], [0, 1], [3, 6]),
    ([7, 8], [2, 2], [3, 4], [0, 0], [2, 2]), ([7, 8], [3, 3], [2, 2], [1, 1], [4, 4]),
    ([6, 6], [3, 3], [3, 3], [0, 0], [2, 2]), ([2, 2], [3, 3], [1, 1], [1, 1], [2, 2]),
    ([6, 1], [3, 3], [1, 2], [1, 1], [6, 1]), ([6, 7], [3, 2], [2, 1], [1, 0], [3, 6]),
  ].map { Shape(extent: $0.0, kernel: $0.1, stride: $0.2, padding: $0.3, result: $0.4) }

  @Test(arguments: InstructionSet.supported, shapes)
  func maximaAgreeWithWindows(on set: InstructionSet, _ shape: Shape) throws {
    let kernels = try set.kernels()
    let (planes, lanes) = (2, Int(NICHE_BLOCK_SIZE))
    let (size, resultSize) = (shape.extent[0] * shape.extent[1], shape.result[0] * shape.result[1])
    var stream = RandomStream(seed: 5)
    // Few different numbers, so that maxima are met more than once, and some that are none.
    let x = (0..<planes * size * lanes).map { _ in
      let value = Float(stream.normal()).rounded()
      return value > 1.5 ? .nan : value < -0.5 ? -.infinity : value
    }
    let gradient = (0..<planes * resultSize * lanes).map { _ in Float(stream.normal()) }
    var (maxima, indices) = ([Float](), [Int32]())
    var sums = [Float](repeating: 0, count: x.count)
    for plane in 0..<planes {
      for place in 0..<resultSize {
        let top = place / shape.result[1] * shape.stride[0] - shape.padding[0]
        let left = place % shape.result[1] * shape.stride[1] - shape.padding[1]
        for lane in 0..<lanes {
          var (best, index) = (-Float.infinity, -1)
          for row in max(0, top)..<min(top + shape.kernel[0], shape.extent[0]) {
            for column in max(0, left)..<min(left + shape.kernel[1], shape.extent[1]) {
              let here = row * shape.extent[1] + column
              let value = x[(plane * size + here) * lanes + lane]
              if index < 0 || value > best || value.isNaN { (best, index) = (value, here) }
            }
          }
          sums[(plane * size + index) * lanes + lane] += gradient[maxima.count]
          maxima.append(best)
          indices.append(Int32(index))
        }
      }
    }
    var window = niche_window(
      planes: planes, height: shape.extent[0], width: shape.extent[1], result_height: shape.result[0],
      result_width: shape.result[1], kernel_height: shape.kernel[0], kernel_width: shape.kernel[1],
      stride_height: shape.stride[0], stride_width: shape.stride[1], padding_height: shape.padding[0],
      padding_width: shape.padding[1], dilation_height: 1, dilation_width: 1, counts_padding: 0, divisor: 0)
    var found = [Float](repeating: 9, count: maxima.count)
    var places = [Int32](repeating: 9, count: maxima.count)
    var spread = [Float](repeating: 9, count: x.count)
    kernels.pointee.maximum_pooling_blocks(&window, x, &found, &places)
    kernels.pointee.maximum_pooling_gradient_windows(&window, gradient, indices, &spread)
    #expect(places == indices)
    #expect(zip(found, maxima).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN })
    #expect(spread == sums)
  }
}
