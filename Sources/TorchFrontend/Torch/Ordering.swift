import NetworkGraph

extension Library {
  /// Extremes with their places, sorting, and running sums and products.
  static let ordering: Family = { library in
    for (name, isMaximum) in [("max", true), ("min", false)] {
      let kind: Reduction.Kind = isMaximum ? .maximum : .minimum
      library.function(
        "torch.\(name)", "Tensor.\(name)", signature: "(input, dim=None, keepdim=False, *, other=None)"
      ) { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let input = try call.tensor("input")
        var second = call["dim"]
        if case .tensor = call["other"] { second = call["other"] }
        if case .tensor(let other) = second, other.rank > 0 || other.dataType.isFloating {
          return .tensor(try interpreter.elementwise(isMaximum ? .maximum : .minimum, input, other))
        }
        guard let dimension = try call.optionalInt("dim") else {
          return .tensor(try interpreter.reduce(kind, input, nil, keeps: false))
        }
        let axis = try interpreter.axis(dimension, input.rank)
        let places = try interpreter.extreme(input, axis, isMaximum: isMaximum, keeps: true)
        return try interpreter.valuesAndIndices(
          name, try interpreter.gathered(input, axis, places), places,
          without: try call.bool("keepdim") ? nil : axis)
      }
      library.function(
        "torch.arg\(name)", "Tensor.arg\(name)", signature: "(input, dim=None, keepdim=False)"
      ) { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let input = try call.tensor("input")
        let keeps = try call.bool("keepdim")
        guard let dimension = try call.optionalInt("dim") else {
          let flat = try interpreter.reshape(input, [input.count])
          let place = try interpreter.extreme(flat, 0, isMaximum: isMaximum, keeps: false)
          guard keeps else { return .tensor(place) }
          return .tensor(try interpreter.reshape(place, input.shape.map { _ in 1 }))
        }
        let axis = try interpreter.axis(dimension, input.rank)
        return .tensor(try interpreter.extreme(input, axis, isMaximum: isMaximum, keeps: keeps))
      }
    }
    library.function(
      "torch.sort", "Tensor.sort", signature: "(input, dim=-1, descending=False, *, stable=False)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      let axis = try interpreter.axis(try call.int("dim"), input.rank)
      let sorted = try interpreter.sorted(input, axis, isDescending: try call.bool("descending"))
      return try interpreter.valuesAndIndices("sort", sorted.values, sorted.indices)
    }
    library.function("torch.msort", "Tensor.msort", signature: "(input)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.sorted(try call.tensor("input"), 0, isDescending: false).values)
    }
    library.function(
      "torch.argsort", "Tensor.argsort", signature: "(input, dim=-1, descending=False, stable=False)"
    ) { (call) throws(Interruption) in
      let input = try call.tensor("input")
      let axis = try call.interpreter.axis(try call.int("dim"), input.rank)
      return .tensor(
        try call.interpreter.sorted(input, axis, isDescending: try call.bool("descending")).indices)
    }
    library.function(
      "torch.topk", "Tensor.topk", signature: "(input, k, dim=-1, largest=True, sorted=True)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      let count = try call.int("k")
      let axis = try interpreter.axis(try call.int("dim"), input.rank)
      let extent = input.rank == 0 ? 1 : input.shape[axis]
      guard count >= 0, count <= extent else {
        throw interpreter.raise(
          .runtimeError, "selected index k out of range",
          hint: "k is \(count), dimension \(axis) has \(extent)",
          identifier: "torch.dimension")
      }
      let sorted = try interpreter.sorted(input, axis, isDescending: try call.bool("largest"))
      guard input.rank > 0 else {
        return try interpreter.valuesAndIndices("topk", sorted.values, sorted.indices)
      }
      return try interpreter.valuesAndIndices(
        "topk", try interpreter.slice(sorted.values, axis, 0, count),
        try interpreter.slice(sorted.indices, axis, 0, count))
    }
    library.function("torch.kthvalue", "Tensor.kthvalue", signature: "(input, k, dim=-1, keepdim=False)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      let number = try call.int("k")
      let axis = try interpreter.axis(try call.int("dim"), input.rank)
      guard input.rank > 0, number >= 1, number <= input.shape[axis] else {
        throw interpreter.raise(
          .runtimeError, "kthvalue(): selected number k out of range for dimension \(axis)",
          identifier: "torch.dimension")
      }
      return try interpreter.ranked("kthvalue", input, axis, number - 1, keeps: try call.bool("keepdim"))
    }
    library.function("torch.median", "Tensor.median", signature: "(input, dim=None, keepdim=False)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      guard let dimension = try call.optionalInt("dim") else {
        let sorted = try interpreter.sorted(
          try interpreter.reshape(input, [input.count]), 0, isDescending: false)
        return .tensor(try interpreter.select(sorted.values, 0, .int((input.count - 1) / 2)))
      }
      let axis = try interpreter.axis(dimension, input.rank)
      let middle = input.rank == 0 ? 0 : (input.shape[axis] - 1) / 2
      return try interpreter.ranked("median", input, axis, middle, keeps: try call.bool("keepdim"))
    }
    library.function(
      "torch.quantile", "Tensor.quantile",
      signature: "(input, q, dim=None, keepdim=False, *, interpolation='linear')"
    ) { (call) throws(Interruption) in .tensor(try call.quantile()) }
    for name in ["max", "min", "sort", "topk", "kthvalue", "median"] {
      library.add(NativeClass("torch.return_types.\(name)", base: "builtins.tuple"))
    }
    library.pointwise(["cumsum"], "(input, dim, *, dtype=None)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var input = try call.tensor("input")
      let axis = try interpreter.axis(try call.int("dim"), input.rank)
      if let type = try call.dataType("dtype") {
        input = try interpreter.cast(input, type)
      } else if !input.dataType.isFloating {
        input = try interpreter.cast(input, .int64)
      }
      if input.rank == 0 { return try interpreter.copied(input) }
      guard let values = try interpreter.knownValues(input) else {
        return try interpreter.apply(.cumulativeSum(axis: axis, isReversed: false), input)
      }
      return try interpreter.accumulated(values, input, axis, +)
    }
    library.pointwise(["cumprod"], "(input, dim, *, dtype=None)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var input = try call.tensor("input")
      let axis = try interpreter.axis(try call.int("dim"), input.rank)
      if let type = try call.dataType("dtype") {
        input = try interpreter.cast(input, type)
      } else if !input.dataType.isFloating {
        input = try interpreter.cast(input, .int64)
      }
      if input.rank == 0 { return try interpreter.copied(input) }
      if let values = try interpreter.knownValues(input) {
        return try interpreter.accumulated(values, input, axis, *)
      }
      guard input.shape[axis] <= 64 else {
        throw interpreter.unsupported(
          "torch.cumprod over more than 64 elements of the network is not supported")
      }
      var parts: [TracedTensor] = []
      for index in 0..<input.shape[axis] {
        let part = try interpreter.slice(input, axis, index, index + 1)
        parts.append(
          try parts.last.map { (product) throws(Interruption) in
            try interpreter.elementwise(.multiply, product, part)
          } ?? part)
      }
      return try interpreter.concatenate(parts, axis)
    }
    library.function(
      "torch.prod", "Tensor.prod", signature: "(input, dim=None, keepdim=False, *, dtype=None)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var input = try call.tensor("input")
      if let type = try call.dataType("dtype") {
        input = try interpreter.cast(input, type)
      } else if !input.dataType.isFloating {
        input = try interpreter.cast(input, .int64)
      }
      let dimension = try call.optionalInt("dim")
      return .tensor(
        try interpreter.reduce(.product, input, dimension.map { [$0] }, keeps: try call.bool("keepdim")))
    }
  }
}

extension NativeCall {
  fileprivate func quantile() throws(Interruption) -> TracedTensor {
    var input = try tensor("input")
    let keeps = try bool("keepdim")
    let dimension = try optionalInt("dim")
    let isFlat = dimension == nil
    let full = input.shape
    if isFlat { input = try interpreter.reshape(input, [input.count]) }
    let axis = try interpreter.axis(dimension ?? 0, input.rank)
    var levels: [Double]
    var isList = false
    if case .tensor(let given) = self["q"] {
      guard let known = try interpreter.knownValues(given) else {
        throw interpreter.unsupported("quantile at levels of the network is not supported")
      }
      guard given.rank <= 1 else {
        throw interpreter.raise(.runtimeError, "quantile() q must be a scalar or 1D tensor")
      }
      (levels, isList) = (known, given.rank == 1)
    } else {
      levels = [try double("q")]
    }
    guard input.count > 0 else {
      throw interpreter.raise(.runtimeError, "quantile() input tensor must be non-empty")
    }
    guard levels.allSatisfy({ $0 >= 0 && $0 <= 1 }), input.rank > 0 else {
      throw interpreter.raise(.runtimeError, "quantile() q values must be in the range [0, 1]")
    }
    let sorted = try interpreter.sorted(input, axis, isDescending: false).values
    let mode = try string("interpolation")
    var results: [TracedTensor] = []
    for level in levels {
      let place = level * Double(input.shape[axis] - 1)
      let (low, high) = (Int(place.rounded(.down)), Int(place.rounded(.up)))
      let lower = try interpreter.slice(sorted, axis, low, low + 1)
      let upper = try interpreter.slice(sorted, axis, high, high + 1)
      switch mode {
      case "linear", "midpoint":
        let share = mode == "linear" ? place - Double(low) : low == high ? 0 : 0.5
        let step = try interpreter.elementwise(
          .multiply, try interpreter.elementwise(.subtract, upper, lower), try interpreter.scalar(share))
        results.append(try interpreter.elementwise(.add, lower, step))
      case "lower": results.append(lower)
      case "higher": results.append(upper)
      case "nearest": results.append(place.rounded(.toNearestOrEven) == Double(low) ? lower : upper)
      default:
        throw interpreter.raise(
          .runtimeError,
          "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            + mode)
      }
    }
    var shape = input.shape
    if keeps {
      shape = isFlat ? full.map { _ in 1 } : full
      if !isFlat { shape[axis] = 1 }
    } else {
      shape.remove(at: axis)
    }
    for index in results.indices { results[index] = try interpreter.reshape(results[index], shape) }
    guard let first = results.first else { return try interpreter.tensor(.values([]), [0] + shape) }
    return isList ? try interpreter.stack(results, 0) : first
  }
}

extension Interpreter {
  /// The named tuple `(values, indices)`, both without an axis of extent 1 where one is named.
  fileprivate func valuesAndIndices(
    _ name: String, _ values: TracedTensor, _ indices: TracedTensor, without axis: Int? = nil
  ) throws(Interruption) -> PythonValue {
    var shape = values.shape
    if let axis, !shape.isEmpty { shape.remove(at: axis) }
    let type = nativeClass("torch.return_types.\(name)")
    type.fields = ["values", "indices"]
    return try tuple(
      [.tensor(try reshape(values, shape)), .tensor(try reshape(indices, shape))], .named(type))
  }

  /// The place of the first extreme along an axis.
  func extreme(
    _ input: TracedTensor, _ axis: Int, isMaximum: Bool, keeps: Bool
  ) throws(Interruption) -> TracedTensor {
    if input.rank == 0 { return try scalar(0, .int64) }
    guard input.shape[axis] > 0 else {
      throw raise(.indexError, "argmax(): Expected reduction dim \(axis) to have non-zero size.")
    }
    var shape = input.shape
    shape[axis] = 1
    if !keeps { shape.remove(at: axis) }
    let places: TracedTensor
    if let values = try knownValues(input) {
      let rows = Self.lines(values, input.shape, axis).map { line -> Double in
        let ordered = line.indices.filter { !line[$0].isNaN }
        if let unordered = line.firstIndex(where: \.isNaN) { return Double(unordered) }
        let best = ordered.reduce(0) {
          isMaximum ? (line[$1] > line[$0] ? $1 : $0) : (line[$1] < line[$0] ? $1 : $0)
        }
        return Double(best)
      }
      places = try tensor(.values(rows), shape, .int64)
    } else {
      places = try apply(
        isMaximum ? .argumentOfMaximum(axis: axis) : .argumentOfMinimum(axis: axis), [input], dataType: .int64
      )
    }
    return places.shape == shape ? places : try reshape(places, shape)
  }

  /// The elements along an axis in order, and the places they come from.
  func sorted(
    _ input: TracedTensor, _ axis: Int, isDescending: Bool
  ) throws(Interruption) -> (values: TracedTensor, indices: TracedTensor) {
    if input.rank == 0 { return (try copied(input), try scalar(0, .int64)) }
    if let values = try knownValues(input) {
      try spend(values.count)
      let orders = Self.lines(values, input.shape, axis).map { line in
        line.indices.sorted { a, b in
          let (x, y) = (line[a], line[b])
          if x == y || (x.isNaN && y.isNaN) { return a < b }
          if x.isNaN || y.isNaN { return isDescending ? x.isNaN : y.isNaN }
          return isDescending ? x > y : x < y
        }.map(Double.init)
      }
      let places = Self.unlined(orders, input.shape, axis)
      let indices = try tensor(.values(places), input.shape, .int64)
      return (try gathered(input, axis, indices), indices)
    }
    let results = try emit(.sort(axis: axis, isDescending: isDescending), [input])
    guard results.count == 2 else { throw unsupported("sort yields no indices") }
    return (
      try tensor(.graph(results[0]), input.shape, input.dataType),
      try tensor(.graph(results[1]), input.shape, .int64)
    )
  }

  /// The element of a rank along an axis, and its place.
  fileprivate func ranked(
    _ name: String, _ input: TracedTensor, _ axis: Int, _ rank: Int, keeps: Bool
  ) throws(Interruption) -> PythonValue {
    let sorted = try sorted(input, axis, isDescending: false)
    if input.rank == 0 { return try valuesAndIndices(name, sorted.values, sorted.indices) }
    return try valuesAndIndices(
      name, try slice(sorted.values, axis, rank, rank + 1), try slice(sorted.indices, axis, rank, rank + 1),
      without: keeps ? nil : axis)
  }

  /// Running results along an axis of known elements.
  fileprivate func accumulated(
    _ values: [Double], _ input: TracedTensor, _ axis: Int, _ combine: (Double, Double) -> Double
  ) throws(Interruption) -> TracedTensor {
    try spend(values.count >> 2)
    let sums = Self.lines(values, input.shape, axis).map { line in
      var result = line
      for place in line.indices.dropFirst() { result[place] = combine(result[place - 1], line[place]) }
      return result
    }
    let rounded = try rounded(Self.unlined(sums, input.shape, axis), input.dataType)
    return try tensor(.values(rounded), input.shape, input.dataType)
  }

  /// The elements along an axis, for all places of the others in row-major order.
  static func lines(_ values: [Double], _ shape: [Int], _ axis: Int) -> [[Double]] {
    let stride = rowMajorStrides(shape)[axis]
    let extent = shape[axis]
    guard extent > 0 else { return [] }
    return (0..<(values.count / extent)).map { line in
      let start = line / stride * stride * extent + line % stride
      return (0..<extent).map { values[start + $0 * stride] }
    }
  }

  /// The inverse of `lines`.
  static func unlined(_ lines: [[Double]], _ shape: [Int], _ axis: Int) -> [Double] {
    let stride = rowMajorStrides(shape)[axis]
    let extent = shape[axis]
    var values = [Double](repeating: 0, count: shape.reduce(1, *))
    for (index, line) in lines.enumerated() {
      let start = index / stride * stride * extent + index % stride
      for (place, value) in line.enumerated() { values[start + place * stride] = value }
    }
    return values
  }
}
