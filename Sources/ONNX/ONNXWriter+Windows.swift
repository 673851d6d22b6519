import NetworkGraph

/// Convolutions and pooling.
extension ONNXWriter {
  mutating func convolution(_ convolution: Convolution, _ inputs: [String]) -> String {
    apply("Conv", inputs, attributes(of: convolution))
  }

  mutating func transposedConvolution(_ convolution: Convolution, _ node: Node, images: [Int]) -> String {
    let (weight, gradient) = (shape(node.inputs[0]), shape(node.inputs[1]))
    /// What the strides leave open: how far the images reach beyond the last tap.
    func rest(_ axis: Int, _ side: KeyPath<Size2D, Int>) -> Int {
      let reach = convolution.dilation[keyPath: side] * (weight[axis] - 1) + 1
      let padding = convolution.padding[keyPath: side] + convolution.paddingAfter[keyPath: side]
      return images[axis] + padding - (gradient[axis] - 1) * convolution.stride[keyPath: side] - reach
    }
    let output = [rest(2, \.height), rest(3, \.width)]
    return apply(
      "ConvTranspose", [name(node.inputs[1]), name(node.inputs[0])],
      attributes(of: convolution) + [("output_padding", .integers(output))])
  }

  private func attributes(of convolution: Convolution) -> [(name: String, value: ONNXAttribute)] {
    let (before, after) = (convolution.padding, convolution.paddingAfter)
    return [
      ("dilations", .integers([convolution.dilation.height, convolution.dilation.width])),
      ("group", .integer(convolution.groups)),
      ("pads", .integers([before.height, before.width, after.height, after.width])),
      ("strides", .integers([convolution.stride.height, convolution.stride.width])),
    ]
  }

  mutating func maximumPooling(_ pooling: Pooling, _ node: Node, _ input: String) -> String {
    let extra = extra(pooling, node)
    let (top, left) = (pooling.padding.height, pooling.padding.width)
    return apply(
      "MaxPool", [input],
      attributes(of: pooling, pads: [top, left, top + extra.height, left + extra.width])
        + [("dilations", .integers([pooling.dilation.height, pooling.dilation.width]))])
  }

  /// Windows that reach beyond the border are given a border of their own, which is ONNX's and never counts; the
  /// border that counts is laid around the image beforehand.
  mutating func averagePooling(_ pooling: AveragePooling, _ node: Node, _ input: String) -> String {
    let (window, extra) = (pooling.window, extra(pooling.window, node))
    let (height, width) = (window.padding.height, window.padding.width)
    if let divisor = pooling.divisor {
      let mean = apply(
        "AveragePool", [input],
        attributes(of: window, pads: [height, width, height + extra.height, width + extra.width])
          + [("count_include_pad", .integer(1))])
      let count = Double(window.kernel.height * window.kernel.width)
      return apply("Mul", [mean, scalar(count / Double(divisor))])
    }
    guard pooling.countsPadding else {
      return apply(
        "AveragePool", [input],
        attributes(of: window, pads: [height, width, height + extra.height, width + extra.width]))
    }
    let border = longs([0, 0, height, width, 0, 0, height, width])
    let padded = height + width == 0 ? input : apply("Pad", [input, border])
    return apply("AveragePool", [padded], attributes(of: window, pads: [0, 0, extra.height, extra.width]))
  }

  /// How far the last window reaches beyond the border, or 0 where it ends before.
  private func extra(_ pooling: Pooling, _ node: Node) -> Size2D {
    let (images, results) = (shape(node.inputs[0]), shape(node.outputs[0]))
    func extra(_ axis: Int, _ side: KeyPath<Size2D, Int>) -> Int {
      let reach = pooling.dilation[keyPath: side] * (pooling.kernel[keyPath: side] - 1) + 1
      let end = (results[axis] - 1) * pooling.stride[keyPath: side] + reach
      return max(0, end - images[axis] - 2 * pooling.padding[keyPath: side])
    }
    return Size2D(extra(2, \.height), extra(3, \.width))
  }

  private func attributes(of pooling: Pooling, pads: [Int]) -> [(name: String, value: ONNXAttribute)] {
    [
      ("kernel_shape", .integers([pooling.kernel.height, pooling.kernel.width])),
      ("pads", .integers(pads)),
      ("strides", .integers([pooling.stride.height, pooling.stride.width])),
    ]
  }

  /// Means over rows, then over columns, as products with the weights of each place; for 1 × 1 the plane's mean.
  mutating func adaptiveAverage(_ node: Node, _ input: String) -> String {
    let (images, results) = (shape(node.inputs[0]), shape(node.outputs[0]))
    if results[2] == 1, results[3] == 1 { return apply("GlobalAveragePool", [input]) }
    let rows = tensor(shape: [results[2], images[2]], .floats(Self.weights(results[2], of: images[2])))
    let columns = tensor(shape: [results[3], images[3]], .floats(Self.weights(results[3], of: images[3])))
    return apply("MatMul", [apply("MatMul", [rows, input]), apply("Transpose", [columns])])
  }

  /// Row-major [count, extent]: by how much each place counts in each region's mean.
  private static func weights(_ count: Int, of extent: Int) -> [Float] {
    (0..<count).flatMap { index in
      let region = region(index, of: count, extent)
      return (0..<extent).map { region.contains($0) ? 1 / Float(region.count) : 0 }
    }
  }

  private static func region(_ index: Int, of count: Int, _ extent: Int) -> Range<Int> {
    index * extent / count..<((index + 1) * extent + count - 1) / count
  }

  /// Maxima of rows, then of columns.
  mutating func adaptiveMaximum(_ node: Node, _ input: String) -> String {
    let (images, results) = (shape(node.inputs[0]), shape(node.outputs[0]))
    var result = input
    for axis in 2...3 {
      var parts: [String] = []
      for index in 0..<results[axis] {
        let region = Self.region(index, of: results[axis], images[axis])
        let part = apply(
          "Slice", [result, longs([region.lowerBound]), longs([region.upperBound]), longs([axis])])
        parts.append(apply("ReduceMax", [part, longs([axis])], [("keepdims", .integer(1))]))
      }
      result = apply("Concat", parts, [("axis", .integer(axis))])
    }
    return result
  }
}
