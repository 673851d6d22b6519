import NetworkGraph

extension Library {
  /// Padding, pixel shuffling and nearest-neighbour upsampling.
  static let resampling: Family = { library in
    library.function(
      "torch.nn.functional.pad", signature: "(input, pad, mode='constant', value=None)"
    ) { (call) throws(Interruption) in
      let mode = try call.string("mode")
      guard mode == "constant" else {
        throw call.interpreter.unsupported("pad with mode='\(mode)' is not supported yet")
      }
      return .tensor(
        try call.interpreter.pad(
          try call.tensor("input"), try call.ints("pad"), try call.optionalDouble("value") ?? 0))
    }
    for (name, value) in [("ZeroPad2d", 0.0), ("ConstantPad2d", 0), ("ConstantPad1d", 0)] {
      let pairs = name.hasSuffix("1d") ? 1 : 2
      library.module(
        name, name == "ZeroPad2d" ? "(padding)" : "(padding, value)",
        forward: { (call, module, input) throws(Interruption) in
          var numbers = try call.ints(module.attributes["padding"] ?? .none, "padding")
          if numbers.count == 1 { numbers = [Int](repeating: numbers[0], count: 2 * pairs) }
          return try call.interpreter.pad(
            input, numbers, name == "ZeroPad2d" ? value : module.double("value"))
        })
    }
    library.module(
      "PixelShuffle", "(upscale_factor)",
      forward: { (call, module, input) throws(Interruption) in
        try call.interpreter.pixelShuffle(input, module.int("upscale_factor"))
      })
    library.function(
      "torch.nn.functional.pixel_shuffle", "torch.pixel_shuffle", signature: "(input, upscale_factor)"
    ) {
      (call) throws(Interruption) in
      .tensor(try call.interpreter.pixelShuffle(try call.tensor("input"), try call.int("upscale_factor")))
    }
    library.module(
      "ChannelShuffle", "(groups)",
      forward: { (call, module, input) throws(Interruption) in
        let groups = module.int("groups")
        guard input.rank >= 3, groups > 0, input.shape[1].isMultiple(of: groups) else {
          throw call.interpreter.raise(
            .runtimeError,
            "Number of channels must be divisible by groups. Got \(input.shape) and \(groups) groups.",
            identifier: "torch.shape")
        }
        let rest = Array(input.shape.dropFirst(2))
        let split = try call.interpreter.reshape(
          input, [input.shape[0], groups, input.shape[1] / groups] + rest)
        let order = [0, 2, 1] + Array(3..<split.rank)
        return try call.interpreter.reshape(try call.interpreter.permute(split, order), input.shape)
      })
    library.module(
      "Upsample",
      "(size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None)",
      forward: { (call, module, input) throws(Interruption) in
        try call.interpreter.interpolate(
          input, module.attributes["size"] ?? .none, module.attributes["scale_factor"] ?? .none,
          module.string("mode"), call)
      })
    library.function(
      "torch.nn.functional.interpolate", "torch.nn.functional.upsample",
      signature:
        "(input, size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None, antialias=False)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.interpolate(
          try call.tensor("input"), call["size"], call["scale_factor"], try call.string("mode"), call))
    }
  }
}

extension Interpreter {
  /// `F.pad` with a constant: pairs from the last dimension on; negative ones crop.
  fileprivate func pad(
    _ input: TracedTensor, _ numbers: [Int], _ value: Double
  ) throws(Interruption) -> TracedTensor {
    guard numbers.count.isMultiple(of: 2), numbers.count / 2 <= input.rank else {
      throw raise(
        .runtimeError,
        "Padding length must be divisible by 2 and at most twice the dimensionality of the input",
        identifier: "torch.shape")
    }
    var before = [Int](repeating: 0, count: input.rank)
    var after = before
    var result = input
    for pair in 0..<(numbers.count / 2) {
      let axis = input.rank - 1 - pair
      let (front, back) = (numbers[2 * pair], numbers[2 * pair + 1])
      let limit: UInt = 1 << 30
      guard front.magnitude < limit, back.magnitude < limit,
        input.shape[axis] + min(0, front) + min(0, back) > 0
      else {
        throw raise(
          .runtimeError,
          "The input size \(input.shape[axis]), plus negative padding \(front) and \(back), resulted in a "
            + "non-positive output size", identifier: "torch.shape")
      }
      if front < 0 || back < 0 {
        result = try slice(result, axis, max(0, -front), input.shape[axis] + min(0, back))
      }
      before[axis] = max(0, front)
      after[axis] = max(0, back)
    }
    guard before.contains(where: { $0 > 0 }) || after.contains(where: { $0 > 0 }) else { return result }
    try checkShape(result.shape.indices.map { result.shape[$0] + before[$0] + after[$0] })
    return try apply(.pad(before: before, after: after, value: Float(value)), result)
  }

  fileprivate func pixelShuffle(_ input: TracedTensor, _ factor: Int) throws(Interruption) -> TracedTensor {
    guard input.rank == 4, factor > 0, factor < 1 << 16, input.shape[1].isMultiple(of: factor * factor) else {
      throw raise(
        .runtimeError,
        "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
          + "but got \(input.shape) and \(factor)", identifier: "torch.shape")
    }
    let (n, c, h, w) = (input.shape[0], input.shape[1] / (factor * factor), input.shape[2], input.shape[3])
    let split = try reshape(input, [n, c, factor, factor, h, w])
    return try reshape(try permute(split, [0, 1, 4, 2, 5, 3]), [n, c, h * factor, w * factor])
  }

  /// Nearest-neighbour upsampling by whole factors.
  fileprivate func interpolate(
    _ input: TracedTensor, _ size: PythonValue, _ factor: PythonValue, _ mode: String, _ call: NativeCall
  ) throws(Interruption) -> TracedTensor {
    guard mode == "nearest" else {
      throw unsupported("interpolation with mode='\(mode)' is not supported yet")
    }
    guard input.rank >= 3 else {
      throw raise(
        .valueError, "interpolate needs at least 3D input, but got \(input.shape)", identifier: "torch.shape")
    }
    let spatial = Array(input.shape.dropFirst(2))
    var factors: [Int] = []
    if isNone(size) {
      let values: [PythonValue]
      switch factor {
      case .tuple, .list: values = try elements(of: factor)
      default: values = [PythonValue](repeating: factor, count: spatial.count)
      }
      for value in values {
        guard let number = double(value), let whole = Int(exactly: number), whole > 0, whole < 1 << 20 else {
          throw unsupported("interpolation by a factor that is not whole is not supported yet")
        }
        factors.append(whole)
      }
    } else {
      var wanted = try call.ints(size, "size")
      if wanted.count == 1 { wanted = [Int](repeating: wanted[0], count: spatial.count) }
      for (target, extent) in zip(wanted, spatial) {
        guard target > 0, target.isMultiple(of: extent) else {
          throw unsupported("interpolation to a size that is no multiple is not supported yet")
        }
        factors.append(target / extent)
      }
    }
    guard factors.count == spatial.count else {
      throw raise(.valueError, "Input and scale_factor must have the same number of spatial dimensions")
    }
    var split = Array(input.shape.prefix(2))
    var wide = split
    var final = split
    for (extent, factor) in zip(spatial, factors) {
      split += [extent, 1]
      wide += [extent, factor]
      final.append(extent * factor)
    }
    try checkShape(final)
    return try reshape(try expand(try reshape(input, split), wide), final)
  }
}
