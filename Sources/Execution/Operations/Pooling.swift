import CKernels
import NetworkGraph

extension niche_window {
  /// A window over images `[N, C, H, W]` with results `[N, C, H', W']`; adaptive pooling needs no more.
  fileprivate init(images: [Int], result: [Int]) {
    self.init()
    planes = images[0] * images[1]
    (height, width) = (images[2], images[3])
    (result_height, result_width) = (result[2], result[3])
  }

  /// The same over some of the planes.
  fileprivate func some(_ range: Range<Int>) -> niche_window {
    var window = self
    window.planes = range.count
    return window
  }

  fileprivate init(_ pooling: Pooling, images: [Int], result: [Int]) {
    self.init(images: images, result: result)
    (kernel_height, kernel_width) = (pooling.kernel.height, pooling.kernel.width)
    (stride_height, stride_width) = (pooling.stride.height, pooling.stride.width)
    (padding_height, padding_width) = (pooling.padding.height, pooling.padding.width)
    (dilation_height, dilation_width) = (pooling.dilation.height, pooling.dilation.width)
  }

  fileprivate init(_ pooling: AveragePooling, images: [Int], result: [Int]) {
    self.init(pooling.window, images: images, result: result)
    counts_padding = pooling.countsPadding ? 1 : 0
    divisor = pooling.divisor ?? 0
  }
}

extension LoweringContext {
  /// x → y, indices.
  func maximumPooling(_ pooling: Pooling) -> LoweredOperation {
    maximum(
      niche_window(pooling, images: shape(0), result: outputs[0].shape),
      worksInBlocks ? kernels.pointee.maximum_pooling_blocks : kernels.pointee.maximum_pooling)
  }

  /// x → y, indices.
  func adaptiveMaximumPooling() -> LoweredOperation {
    maximum(
      niche_window(images: shape(0), result: outputs[0].shape),
      worksInBlocks
        ? kernels.pointee.adaptive_maximum_pooling_blocks : kernels.pointee.adaptive_maximum_pooling)
  }

  private typealias MaximumKernel =
    @convention(c) (
      UnsafePointer<niche_window>, UnsafePointer<Float>, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Int32>
    ) -> Void

  private func maximum(_ window: niche_window, _ kernel: @escaping MaximumKernel) -> LoweredOperation {
    let (planes, plane, resultPlane) = (window.planes, count(0) / window.planes, outputCount / window.planes)
    return inSections(planes: planes, outputs: 2) { operands, range in
      let (start, resultStart) = (range.lowerBound * plane, range.lowerBound * resultPlane)
      let (x, result) = (operands.input(0) + start, operands.output(0) + resultStart)
      let indices = operands.integerOutput(1) + resultStart
      return { withUnsafePointer(to: window.some(range)) { kernel($0, x, result, indices) } }
    }
  }

  /// output gradient, indices → gradient of x.
  func maximumPoolingGradient() -> LoweredOperation {
    let (images, pooled) = (outputs[0].shape, shape(0))
    if worksInBlocks, let pooling {
      let window = niche_window(pooling, images: images, result: pooled)
      let kernel = kernels.pointee.maximum_pooling_gradient_windows
      let (plane, pooledPlane) = (outputCount / window.planes, count(0) / window.planes)
      return inSections(planes: window.planes) { operands, range in
        let (start, pooledStart) = (range.lowerBound * plane, range.lowerBound * pooledPlane)
        let (gradient, indices) = (operands.input(0) + pooledStart, operands.integerInput(1) + pooledStart)
        let result = operands.output(0) + start
        return { withUnsafePointer(to: window.some(range)) { kernel($0, gradient, indices, result) } }
      }
    }
    let kernel =
      worksInBlocks
      ? kernels.pointee.maximum_pooling_gradient_blocks : kernels.pointee.maximum_pooling_gradient
    let (planes, size, pooledSize) = (images[0] * images[1], images[2] * images[3], pooled[2] * pooled[3])
    return LoweredOperation { operands in
      let (gradient, indices, result) = (operands.input(0), operands.integerInput(1), operands.output(0))
      return { _ in kernel(planes, size, pooledSize, gradient, indices, result) }
    }
  }

  /// x → y.
  func averagePooling(_ pooling: AveragePooling) -> LoweredOperation {
    windowed(
      niche_window(pooling, images: shape(0), result: outputs[0].shape),
      worksInBlocks ? kernels.pointee.average_pooling_blocks : kernels.pointee.average_pooling)
  }

  /// output gradient → gradient of x.
  func averagePoolingGradient(_ pooling: AveragePooling) -> LoweredOperation {
    windowed(
      niche_window(pooling, images: outputs[0].shape, result: shape(0)),
      worksInBlocks
        ? kernels.pointee.average_pooling_gradient_blocks : kernels.pointee.average_pooling_gradient)
  }

  /// x → y.
  func adaptiveAveragePooling() -> LoweredOperation {
    windowed(
      niche_window(images: shape(0), result: outputs[0].shape),
      worksInBlocks
        ? kernels.pointee.adaptive_average_pooling_blocks : kernels.pointee.adaptive_average_pooling)
  }

  /// output gradient → gradient of x.
  func adaptiveAveragePoolingGradient() -> LoweredOperation {
    windowed(
      niche_window(images: outputs[0].shape, result: shape(0)),
      worksInBlocks
        ? kernels.pointee.adaptive_average_pooling_gradient_blocks
        : kernels.pointee.adaptive_average_pooling_gradient)
  }

  /// An operation of `planes` pieces, which fall to the images evenly.
  private func inSections(
    planes: Int, outputs: Int = 1, bind: @escaping (LoweredOperation.Operands, Range<Int>) -> PartBody
  ) -> LoweredOperation {
    var operation = LoweredOperation(units: planes, bind: bind)
    guard worksInBlocks else { return operation }
    let (blocks, each) = (shape(0)[0], planes / shape(0)[0])
    operation.sections =
      imageSections(outputs: (0..<outputs).map { unitUse(self.outputs[$0]) }) { operands, range in
        bind(operands, range.lowerBound * each..<range.upperBound * each)
      }
      + channelSections(outputs: (0..<outputs).map { channelUse(self.outputs[$0]) }) { operands, range in
        let bodies = (0..<blocks).map { bind(operands.block($0), 0..<range.count) }
        return { for body in bodies { body() } }
      }
    return operation
  }

  private typealias WindowKernel =
    @convention(c) (
      UnsafePointer<niche_window>, UnsafePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Void

  private func windowed(_ window: niche_window, _ kernel: @escaping WindowKernel) -> LoweredOperation {
    let (plane, resultPlane) = (count(0) / window.planes, outputCount / window.planes)
    return inSections(planes: window.planes) { operands, range in
      let x = operands.input(0) + range.lowerBound * plane
      let result = operands.output(0) + range.lowerBound * resultPlane
      return { withUnsafePointer(to: window.some(range)) { kernel($0, x, result) } }
    }
  }
}
