import NetworkGraph

extension Library {
  /// Pixel and channel shuffling, folding and unfolding, and interpolation.
  static let resampling: Family = { library in
    for (module, function, factor) in [
      ("PixelShuffle", "pixel_shuffle", "upscale_factor"),
      ("PixelUnshuffle", "pixel_unshuffle", "downscale_factor"),
    ] {
      library.layer(
        (module, factor), functions: ["torch.nn.functional.\(function)", "torch.\(function)"], factor
      ) { (call, input) throws(Interruption) in
        let number = try call.int(factor)
        return .tensor(
          module == "PixelShuffle"
            ? try call.interpreter.pixelShuffle(input, number)
            : try call.interpreter.pixelUnshuffle(input, number))
      }
    }
    library.layer(
      ("ChannelShuffle", "groups"),
      functions: [
        "torch.nn.functional.channel_shuffle", "torch.channel_shuffle",
        "torch.nn.functional.native_channel_shuffle", "torch.native_channel_shuffle",
      ], "groups"
    ) { (call, input) throws(Interruption) in
      let groups = try call.int("groups")
      guard input.rank >= 3, groups > 0, input.shape[1].isMultiple(of: groups) else {
        throw call.interpreter.raise(
          .runtimeError,
          "Number of channels must be divisible by groups. Got \(input.rank > 1 ? input.shape[1] : 0) channels "
            + "and \(groups) groups.", identifier: "torch.shape")
      }
      let rest = Array(input.shape.dropFirst(2))
      let split = try call.interpreter.reshape(
        input, [input.shape[0], groups, input.shape[1] / groups] + rest)
      let order = [0, 2, 1] + Array(3..<split.rank)
      return .tensor(try call.interpreter.reshape(try call.interpreter.permute(split, order), input.shape))
    }
    let windows = "kernel_size, dilation=1, padding=0, stride=1"
    library.layer(("Unfold", windows), functions: ["torch.nn.functional.unfold"], windows) {
      (call, input) throws(Interruption) in
      .tensor(try call.interpreter.unfold(input, try call.interpreter.foldWindow(call)))
    }
    library.layer(
      ("Fold", "output_size, " + windows), functions: ["torch.nn.functional.fold"], "output_size, " + windows
    ) { (call, input) throws(Interruption) in
      .tensor(
        try call.interpreter.fold(
          input, try call.extents("output_size", 2), try call.interpreter.foldWindow(call)))
    }
    for name in ["grid_sample", "affine_grid"] {
      library.function(
        "torch.nn.functional.\(name)", signature: "(input, *args, **kwargs)"
      ) { (call) throws(Interruption) in
        throw call.interpreter.unsupported(
          "F.\(name) is not supported: it reads places that are only known when the network runs",
          hint: "leave the spatial transformer out, or use F.interpolate")
      }
    }
  }
}

extension Interpreter {
  fileprivate func pixelShuffle(_ input: TracedTensor, _ factor: Int) throws(Interruption) -> TracedTensor {
    guard input.rank >= 3 else {
      throw raise(
        .runtimeError,
        "pixel_shuffle expects input to have at least 3 dimensions, but got input with \(input.rank) dimension(s)",
        identifier: "torch.shape")
    }
    guard factor > 0, factor < 1 << 16 else {
      throw raise(
        .runtimeError, "pixel_shuffle expects a positive upscale_factor, but got \(factor)",
        identifier: "torch.argument")
    }
    let lead = Array(input.shape.dropLast(3))
    let (c, h, w) = (input.shape[lead.count], input.shape[lead.count + 1], input.shape[lead.count + 2])
    guard c.isMultiple(of: factor * factor) else {
      throw raise(
        .runtimeError,
        "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
          + "but input.size(-3)=\(c) is not divisible by \(factor * factor)", identifier: "torch.shape")
    }
    let batch = lead.reduce(1, *)
    let split = try reshape(input, [batch, c / (factor * factor), factor, factor, h, w])
    return try reshape(
      try permute(split, [0, 1, 4, 2, 5, 3]), lead + [c / (factor * factor), h * factor, w * factor])
  }

  fileprivate func pixelUnshuffle(_ input: TracedTensor, _ factor: Int) throws(Interruption) -> TracedTensor {
    guard input.rank >= 3, factor > 0, factor < 1 << 16, input.shape[input.rank - 2].isMultiple(of: factor),
      input.shape[input.rank - 1].isMultiple(of: factor)
    else {
      throw raise(
        .runtimeError,
        "pixel_unshuffle expects height and width to be divisible by downscale_factor, but \(input.shape) is not "
          + "divisible by \(factor)", identifier: "torch.shape")
    }
    let lead = Array(input.shape.dropLast(3))
    let (c, h, w) = (input.shape[lead.count], input.shape[lead.count + 1], input.shape[lead.count + 2])
    let split = try reshape(
      input, [lead.reduce(1, *), c, h / factor, factor, w / factor, factor])
    return try reshape(
      try permute(split, [0, 1, 3, 5, 2, 4]), lead + [c * factor * factor, h / factor, w / factor])
  }

  // MARK: Unfold and fold

  /// A window over height and width, one number for each.
  fileprivate func foldWindow(_ call: NativeCall) throws(Interruption) -> PoolingWindow {
    let window = PoolingWindow(
      kernel: try call.extents("kernel_size", 2), stride: try call.extents("stride", 2),
      padding: try call.extents("padding", 2), dilation: try call.extents("dilation", 2), roundsUp: false)
    for (name, numbers, least) in [
      ("kernel_size", window.kernel, 1), ("stride", window.stride, 1), ("padding", window.padding, 0),
      ("dilation", window.dilation, 1),
    ] {
      for number in numbers where number < least || number >= 1 << 24 {
        throw raise(
          .runtimeError,
          "\(name) should be \(least == 1 ? "greater than zero" : "non-negative"), but got "
            + "\(name): \(numbers)", identifier: "torch.argument")
      }
    }
    return window
  }

  /// How many windows there are along each side.
  private func windowCounts(_ extents: [Int], _ window: PoolingWindow) throws(Interruption) -> [Int] {
    var counts: [Int] = []
    for axis in 0..<2 {
      let reach = window.dilation[axis] * (window.kernel[axis] - 1) + 1
      let padded = extents[axis] + 2 * window.padding[axis]
      guard reach <= padded else {
        throw raise(
          .runtimeError,
          "the window of \(window.kernel) is larger than the image of \(extents) with padding \(window.padding): "
            + "the shape of the array of sliding blocks must be positive", identifier: "torch.shape")
      }
      counts.append((padded - reach) / window.stride[axis] + 1)
    }
    return counts
  }

  /// `[N, C, H, W]` → `[N, C·kh·kw, L]`: the elements under each window.
  fileprivate func unfold(_ input: TracedTensor, _ window: PoolingWindow) throws(Interruption) -> TracedTensor
  {
    guard input.rank == 3 || input.rank == 4 else {
      throw raise(
        .runtimeError, "Expected 3D or 4D (batch mode) tensor for input, but got: \(input.shape)",
        identifier: "torch.shape")
    }
    let images = try batched(input, 4)
    let counts = try windowCounts(Array(images.shape.suffix(2)), window)
    let (padding, kernel) = (window.padding, window.kernel)
    try checkShape([images.shape[0], images.shape[1], kernel[0], kernel[1], counts[0], counts[1]])
    var result = try pad(
      images, [padding[1], padding[1], padding[0], padding[0]], mode: "constant", value: 0)
    for axis in 0..<2 {
      var places: [Int] = []
      try reserve(kernel[axis] * counts[axis])
      for tap in 0..<kernel[axis] {
        for index in 0..<counts[axis] {
          places.append(tap * window.dilation[axis] + index * window.stride[axis])
        }
      }
      result = try take(result, axis + 2, places)
    }
    let (n, c) = (images.shape[0], images.shape[1])
    let split = try reshape(result, [n, c, kernel[0], counts[0], kernel[1], counts[1]])
    let columns = try reshape(
      try permute(split, [0, 1, 2, 4, 3, 5]), [n, c * kernel[0] * kernel[1], counts[0] * counts[1]])
    return try unbatched(columns, like: input, 4)
  }

  /// `[N, C·kh·kw, L]` → `[N, C, H, W]`: what windows hold, added up in their places.
  fileprivate func fold(
    _ input: TracedTensor, _ size: [Int], _ window: PoolingWindow
  ) throws(Interruption) -> TracedTensor {
    guard input.rank == 2 || input.rank == 3, size.allSatisfy({ $0 > 0 && $0 < 1 << 30 }) else {
      throw raise(
        .runtimeError, "Expected 2D or 3D (batch mode) tensor for input, but got: \(input.shape)",
        identifier: "torch.shape")
    }
    let columns = try batched(input, 3)
    let counts = try windowCounts(size, window)
    let (kernel, n) = (window.kernel, columns.shape[0])
    let taps = kernel[0] * kernel[1]
    guard columns.shape[1].isMultiple(of: taps), columns.shape[2] == counts[0] * counts[1] else {
      throw raise(
        .runtimeError,
        "Given output_size=\(size), kernel_size=\(kernel), dilation=\(window.dilation), padding=\(window.padding), "
          + "stride=\(window.stride), expected input's dimension 1 to be divisible by \(taps) and dimension 2 to be "
          + "\(counts[0]) * \(counts[1]) = \(counts[0] * counts[1]), but got input of shape \(input.shape)",
        identifier: "torch.shape")
    }
    let c = columns.shape[1] / taps
    try checkShape([n, c, size[0] + 2 * window.padding[0], size[1] + 2 * window.padding[1]])
    // Rows first: the windows' places in width become those of the image, then the same in height.
    var result = try reshape(columns, [n, c, kernel[0], kernel[1], counts[0], counts[1]])
    result = try permute(result, [0, 1, 2, 4, 3, 5])
    result = try placed(result, 4, size[1], 1, window)
    result = try permute(result, [0, 1, 4, 2, 3])
    result = try placed(result, 3, size[0], 0, window)
    return try unbatched(try permute(result, [0, 1, 3, 2]), like: input, 3)
  }

  /// Adds up `[…, taps, places]`, the last two axes, as the extent that they were taken from.
  private func placed(
    _ input: TracedTensor, _ axis: Int, _ extent: Int, _ side: Int, _ window: PoolingWindow
  ) throws(Interruption) -> TracedTensor {
    let (stride, dilation) = (window.stride[side], window.dilation[side])
    let (kernel, count) = (window.kernel[side], input.shape[axis + 1])
    let lead = Array(input.shape[..<axis])
    let padding = window.padding[side]
    var sum: TracedTensor?
    for tap in 0..<kernel {
      var part = try slice(input, axis, tap, tap + 1)
      try checkShape(lead + [count, stride])
      part = try reshape(part, lead + [count, 1])
      if stride > 1 { part = try pad(part, [0, stride - 1], mode: "constant", value: 0) }
      part = try reshape(part, lead + [count * stride])
      let before = tap * dilation - padding
      let after = extent + padding - tap * dilation - count * stride
      guard part.shape[axis] + min(0, before) + min(0, after) > 0 else { continue }
      part = try pad(part, [before, after], mode: "constant", value: 0)
      sum = try sum.map { (sum) throws(Interruption) in try elementwise(.add, sum, part) } ?? part
    }
    if let sum { return sum }
    return try tensor(.fill(0), lead + [extent])
  }
}
