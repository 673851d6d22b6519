import NetworkGraph

extension Library {
  /// `F.pad` and the padding modules.
  static let padding: Family = { library in
    library.function(
      "torch.nn.functional.pad", signature: "(input, pad, mode='constant', value=None)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.pad(
          try call.tensor("input"), try call.ints("pad"), mode: try call.string("mode"),
          value: try call.optionalDouble("value") ?? 0))
    }
    for dimensions in 1...3 {
      for (name, mode) in [
        ("ConstantPad", "constant"), ("ZeroPad", "constant"), ("ReflectionPad", "reflect"),
        ("ReplicationPad", "replicate"), ("CircularPad", "circular"),
      ] {
        library.module(
          "\(name)\(dimensions)d", name == "ConstantPad" ? "(padding, value)" : "(padding)",
          { (call, module) throws(Interruption) in
            let numbers = try call.extents("padding", 2 * dimensions)
            module.set("padding", try call.interpreter.integers(numbers))
          },
          forward: { (call, module, input) throws(Interruption) in
            let interpreter = call.interpreter
            let ranks = mode == "constant" ? 1...64 : (dimensions + 1)...(dimensions + 2)
            guard ranks.contains(input.rank) else {
              throw interpreter.raise(
                .valueError,
                "expected \(dimensions + 1)D or \(dimensions + 2)D input (got \(input.rank)D input)",
                hint: "\(interpreter.described(module)) gets \(input.shape)", identifier: "torch.shape")
            }
            return try interpreter.pad(
              input, module.ints("padding"), mode: mode, value: module.double("value"))
          })
      }
    }
  }
}

extension Interpreter {
  /// `F.pad`: pairs of numbers from the last dimension on; negative ones crop.
  func pad(
    _ input: TracedTensor, _ numbers: [Int], mode: String, value: Double
  ) throws(Interruption) -> TracedTensor {
    try requireElements(input)
    guard numbers.count.isMultiple(of: 2) else {
      throw raise(.runtimeError, "Padding length must be divisible by 2", identifier: "torch.argument")
    }
    guard numbers.count / 2 <= input.rank else {
      throw raise(
        .runtimeError,
        "Padding length should be less than or equal to two times the input dimension but got padding length "
          + "\(numbers.count) and input of dimension \(input.rank)", identifier: "torch.shape")
    }
    guard ["constant", "reflect", "replicate", "circular"].contains(mode) else {
      throw raise(.notImplementedError, "Unrecognised padding mode \(mode)", identifier: "torch.argument")
    }
    let pairs = numbers.count / 2
    guard mode == "constant" || ((1...3).contains(pairs) && (pairs + 1...pairs + 2).contains(input.rank))
    else {
      throw raise(
        .notImplementedError,
        "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now",
        hint: "\(pairs) dimensions of a tensor of shape \(input.shape) are to be padded",
        identifier: "torch.shape")
    }
    var borders: [(axis: Int, front: Int, back: Int)] = []
    for pair in 0..<pairs {
      let axis = input.rank - 1 - pair
      let (front, back) = (numbers[2 * pair], numbers[2 * pair + 1])
      let limit: UInt = 1 << 30
      let cropped = min(0, max(-(1 << 31), front)) + min(0, max(-(1 << 31), back))
      guard front.magnitude < limit, back.magnitude < limit, input.shape[axis] + cropped > 0 else {
        throw raise(
          .runtimeError,
          "The input size \(input.shape[axis]), plus negative padding \(front) and \(back), resulted in a "
            + "non-positive output size, which is invalid. Check dimension \(axis) of your input.",
          identifier: "torch.shape")
      }
      borders.append((axis, front, back))
    }
    if mode == "constant" { return try padConstantly(input, borders, value) }
    var result = input
    for (axis, front, back) in borders where front != 0 || back != 0 {
      result = try take(result, axis, try places(input, axis, front, back, mode))
    }
    return result
  }

  private func padConstantly(
    _ input: TracedTensor, _ borders: [(axis: Int, front: Int, back: Int)], _ value: Double
  ) throws(Interruption) -> TracedTensor {
    var before = [Int](repeating: 0, count: input.rank)
    var after = before
    var result = input
    for (axis, front, back) in borders {
      if front < 0 || back < 0 {
        result = try slice(result, axis, max(0, -front), input.shape[axis] + min(0, back))
      }
      (before[axis], after[axis]) = (max(0, front), max(0, back))
    }
    guard before.contains(where: { $0 > 0 }) || after.contains(where: { $0 > 0 }) else { return result }
    try checkShape(result.shape.indices.map { result.shape[$0] + before[$0] + after[$0] })
    return try apply(.pad(before: before, after: after, value: Float(value)), result)
  }

  /// Where the elements of a padded axis come from.
  private func places(
    _ input: TracedTensor, _ axis: Int, _ front: Int, _ back: Int, _ mode: String
  ) throws(Interruption) -> [Int] {
    let extent = input.shape[axis]
    if mode == "reflect", max(front, back) >= extent {
      throw raise(
        .runtimeError,
        "Padding size should be less than the corresponding input dimension, but got: padding (\(front), \(back)) "
          + "at dimension \(axis) of input \(input.shape)", identifier: "torch.shape")
    }
    if mode == "circular", max(front, back) > extent {
      throw raise(
        .runtimeError, "Padding value causes wrapping around more than once.", identifier: "torch.shape")
    }
    let count = extent + front + back
    try checkShape(input.shape.indices.map { $0 == axis ? count : input.shape[$0] })
    try reserve(count)
    return (0..<count).map { (index: Int) -> Int in
      let place = index - front
      switch mode {
      case "reflect": return place < 0 ? -place : place >= extent ? 2 * (extent - 1) - place : place
      case "replicate": return min(max(place, 0), extent - 1)
      default: return (place + extent) % extent
      }
    }
  }
}
