import CKernels
import NetworkGraph

/// Convolutions, image by image and group by group.
///
/// A pointwise convolution is a matrix product as it stands. Others gather the image's patches as columns of a
/// matrix, some result rows at a time so that it stays in the cache, and multiply that (im2col; Chellapilla et al.
/// 2006). Groups of few channels, depthwise ones above all, are too thin for matrix products and are done directly.
struct ConvolutionLowering {
  /// How a group of an image is done.
  enum Strategy: Hashable {
    case pointwise, columns, direct
  }

  /// The most bytes of columns at a time, but for a single row of results.
  private static let columnByteCount = 1 << 18

  let imageCount: Int
  let groupCount: Int
  let hasBias: Bool
  /// One group of one image.
  let group: niche_convolution
  private let strategy: Strategy

  /// Sizes of one group.
  private var planeSize: Int { group.height * group.width }
  private var resultPlaneSize: Int { group.result_height * group.result_width }
  private var imageSize: Int { group.channels * planeSize }
  private var resultSize: Int { group.result_channels * resultPlaneSize }
  /// Weights that make one result channel, which is the height of the column matrix.
  private var depth: Int { group.channels * group.kernel_height * group.kernel_width }
  private var weightSize: Int { group.result_channels * depth }

  /// A convolution of images `[N, C, H, W]` by a weight `[O, C/groups, kh, kw]`, with shapes that were checked.
  init(
    _ convolution: Convolution, images: [Int], weight: [Int], output: [Int], strategy: Strategy? = nil
  ) {
    imageCount = images[0]
    groupCount = convolution.groups
    hasBias = convolution.hasBias
    group = niche_convolution(
      channels: weight[1], height: images[2], width: images[3],
      result_channels: weight[0] / convolution.groups,
      result_height: output[2], result_width: output[3], kernel_height: weight[2], kernel_width: weight[3],
      stride_height: convolution.stride.height, stride_width: convolution.stride.width,
      padding_height: convolution.padding.height, padding_width: convolution.padding.width,
      dilation_height: convolution.dilation.height, dilation_width: convolution.dilation.width)
    let isPointwise =
      weight[2] == 1 && weight[3] == 1 && convolution.stride == Size2D(1, 1)
      && convolution.padding == Size2D(0, 0) && convolution.paddingAfter == Size2D(0, 0)
    let isThin = group.channels * group.result_channels <= 16 && convolution.groups > 1
    self.strategy = strategy ?? (isThin ? .direct : isPointwise ? .pointwise : .columns)
  }

  /// Its multiplications in terms of `LoweredOperation.work`.
  var work: Int {
    imageCount.multipliedSaturating(by: groupCount).multipliedSaturating(by: resultSize)
      .multipliedSaturating(by: depth) / 16
  }

  /// How many result rows are done at a time.
  private var tileRows: Int {
    let row = depth.multipliedSaturating(by: group.result_width).multipliedSaturating(by: 4)
    return min(group.result_height, max(1, Self.columnByteCount / row))
  }

  private var scratchByteCount: Int {
    guard strategy == .columns else { return 0 }
    return depth.multipliedSaturating(by: group.result_width).multipliedSaturating(by: 4 * tileRows)
  }

  /// Calls the body with every group of every image: its number among the groups, and the offsets of its image and
  /// its result.
  private func forEachGroup(_ body: (_ group: Int, _ image: Int, _ result: Int) -> Void) {
    for index in 0..<imageCount * groupCount {
      body(index % groupCount, index * imageSize, index * resultSize)
    }
  }

  /// Calls the body with ranges of result rows.
  private func forEachTile(_ body: (_ begin: Int, _ end: Int) -> Void) {
    let rows = tileRows
    var begin = 0
    while begin < group.result_height {
      let end = min(begin + rows, group.result_height)
      body(begin, end)
      begin = end
    }
  }

  /// images, weight, bias if there is one → result.
  func forward(_ context: LoweringContext) throws(ExecutionError) -> LoweredOperation {
    let (kernels, shape) = (context.kernels, group)
    let whole = try MatrixProduct(
      rows: group.result_channels, columns: resultPlaneSize, inner: depth)
    let tiles = try TiledProduct(rows: tileRows, of: group.result_height) { rows throws(ExecutionError) in
      try MatrixProduct(
        rows: shape.result_channels, columns: rows * shape.result_width, inner: depth,
        resultStride: resultPlaneSize)
    }
    return LoweredOperation(scratchByteCount: scratchByteCount) { operands in
      let (images, weight, result) = (operands.input(0), operands.input(1), operands.output(0))
      let bias = hasBias ? operands.input(2) : nil
      let columns = operands.scratch.assumingMemoryBound(to: Float.self)
      return { _ in
        forEachGroup { index, image, place in
          let (image, result) = (images + image, result + place)
          let weight = weight + index * weightSize
          let bias = bias.map { UnsafePointer($0 + index * shape.result_channels) }
          if bias != nil || strategy == .direct {
            kernels.pointee.fill_rows(shape.result_channels, resultPlaneSize, bias, result)
          }
          switch strategy {
          case .pointwise:
            whole(weight, image, result, adds: bias != nil)
          case .direct:
            withUnsafePointer(to: shape) { kernels.pointee.convolve($0, image, weight, result) }
          case .columns:
            forEachTile { begin, end in
              withUnsafePointer(to: shape) {
                kernels.pointee.image_to_columns($0, begin, end, image, columns)
              }
              tiles[end - begin](weight, columns, result + begin * shape.result_width, adds: bias != nil)
            }
          }
        }
      }
    }
  }

  /// weight, result gradient → image gradient.
  func inputGradient(_ context: LoweringContext) throws(ExecutionError) -> LoweredOperation {
    let (kernels, shape) = (context.kernels, group)
    let whole = try MatrixProduct(
      rows: depth, columns: resultPlaneSize, inner: group.result_channels, transposeLeft: true)
    let tiles = try TiledProduct(rows: tileRows, of: group.result_height) { rows throws(ExecutionError) in
      try MatrixProduct(
        rows: depth, columns: rows * shape.result_width, inner: shape.result_channels, transposeLeft: true,
        rightStride: resultPlaneSize)
    }
    return LoweredOperation(scratchByteCount: scratchByteCount) { operands in
      let (weight, gradient, result) = (operands.input(0), operands.input(1), operands.output(0))
      let columns = operands.scratch.assumingMemoryBound(to: Float.self)
      return { _ in
        forEachGroup { index, image, place in
          let (gradient, result) = (gradient + place, result + image)
          let weight = weight + index * weightSize
          switch strategy {
          case .pointwise:
            whole(weight, gradient, result)
          case .direct:
            kernels.pointee.fill(imageSize, 0, result)
            withUnsafePointer(to: shape) {
              kernels.pointee.convolve_input_gradient($0, weight, gradient, result)
            }
          case .columns:
            kernels.pointee.fill(imageSize, 0, result)
            forEachTile { begin, end in
              tiles[end - begin](weight, gradient + begin * shape.result_width, columns)
              withUnsafePointer(to: shape) {
                kernels.pointee.columns_to_image($0, begin, end, columns, result)
              }
            }
          }
        }
      }
    }
  }

  /// images, result gradient → weight gradient.
  func weightGradient(_ context: LoweringContext) throws(ExecutionError) -> LoweredOperation {
    let (kernels, shape) = (context.kernels, group)
    let whole = try MatrixProduct(
      rows: group.result_channels, columns: depth, inner: resultPlaneSize, transposeRight: true)
    let tiles = try TiledProduct(rows: tileRows, of: group.result_height) { rows throws(ExecutionError) in
      try MatrixProduct(
        rows: shape.result_channels, columns: depth, inner: rows * shape.result_width, transposeRight: true,
        leftStride: resultPlaneSize)
    }
    return LoweredOperation(scratchByteCount: scratchByteCount) { operands in
      let (images, gradient, result) = (operands.input(0), operands.input(1), operands.output(0))
      let columns = operands.scratch.assumingMemoryBound(to: Float.self)
      return { _ in
        kernels.pointee.fill(groupCount * weightSize, 0, result)
        forEachGroup { index, image, place in
          let (image, gradient) = (images + image, gradient + place)
          let result = result + index * weightSize
          switch strategy {
          case .pointwise:
            whole(gradient, image, result, adds: true)
          case .direct:
            withUnsafePointer(to: shape) {
              kernels.pointee.convolve_weight_gradient($0, image, gradient, result)
            }
          case .columns:
            forEachTile { begin, end in
              withUnsafePointer(to: shape) {
                kernels.pointee.image_to_columns($0, begin, end, image, columns)
              }
              tiles[end - begin](gradient + begin * shape.result_width, columns, result, adds: true)
            }
          }
        }
      }
    }
  }
}

/// The products of full tiles and of a smaller last one.
private struct TiledProduct {
  private let rows: Int
  private let full: MatrixProduct
  private let last: MatrixProduct

  init(
    rows: Int, of total: Int, product: (_ rows: Int) throws(ExecutionError) -> MatrixProduct
  ) throws(ExecutionError) {
    self.rows = rows
    full = try product(rows)
    last = try product(total % rows == 0 ? rows : total % rows)
  }

  /// The product for a tile of that many rows.
  subscript(rows: Int) -> MatrixProduct { rows == self.rows ? full : last }
}
