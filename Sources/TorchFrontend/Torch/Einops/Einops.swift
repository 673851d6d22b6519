import NetworkGraph

extension Library {
  /// `einops`: functions and layers that rearrange axes by pattern.
  static let einops: Family = { library in
    library.namespace("einops", "einops.layers", "einops.layers.torch", "einops.einops")
    library.add(NativeClass("einops.EinopsError", base: "builtins.RuntimeError"))
    library.function("einops.rearrange", signature: "(tensor, pattern, **axes_lengths)") {
      (call) throws(Interruption) in
      let (tensor, sizes) = (try call.stackedTensor("tensor"), try call.axisLengths())
      return .tensor(
        try call.interpreter.transformed(tensor, try call.string("pattern"), .rearrange, sizes))
    }
    library.function("einops.repeat", signature: "(tensor, pattern, **axes_lengths)") {
      (call) throws(Interruption) in
      let (tensor, sizes) = (try call.stackedTensor("tensor"), try call.axisLengths())
      return .tensor(try call.interpreter.transformed(tensor, try call.string("pattern"), .repeat, sizes))
    }
    library.function("einops.reduce", signature: "(tensor, pattern, reduction, **axes_lengths)") {
      (call) throws(Interruption) in
      let (tensor, sizes) = (try call.stackedTensor("tensor"), try call.axisLengths())
      return .tensor(
        try call.interpreter.transformed(
          tensor, try call.string("pattern"), .reduce(call.reductionName("reduction")), sizes,
          reduction: call["reduction"]))
    }
    library.function("einops.einsum", signature: "(*tensors_and_pattern)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      guard case .string(let pattern)? = call.rest.last else {
        throw interpreter.raise(
          .valueError,
          "The last argument passed to `einops.einsum` must be a string, representing the "
            + "einsum pattern.")
      }
      var tensors: [TracedTensor] = []
      for value in call.rest.dropLast() { tensors.append(try call.tensor(value, "tensors_and_pattern")) }
      return .tensor(try interpreter.einsum(try interpreter.namedEquation(pattern, tensors), tensors))
    }
    library.function("einops.parse_shape", signature: "(x, pattern)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let tensor = try call.tensor("x")
      let names = try call.string("pattern").split(separator: " ").map(String.init)
      let hidden = names.firstIndex(of: "...")
      guard hidden == nil ? names.count == tensor.rank : names.count - 1 <= tensor.rank else {
        throw interpreter.einopsError(
          "Can't parse shape with different number of dimensions: \(try call.string("pattern")) "
            + "\(tensor.shape)")
      }
      let result = try interpreter.dictionary()
      for (place, name) in names.enumerated() where name != "_" && name != "..." && Int(name) == nil {
        let axis = place > hidden ?? names.count ? tensor.rank - (names.count - place) : place
        let key = PythonValue.string(name)
        result.set(key, try interpreter.hashKey(key), .int(tensor.shape[axis]))
      }
      return .dict(result)
    }
    library.function("einops.pack", signature: "(tensors, pattern)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let tensors = try call.tensors("tensors")
      let star = try interpreter.packing(try call.string("pattern"), "pack")
      guard !tensors.isEmpty else { throw interpreter.raise(.indexError, "list index out of range") }
      var parts: [TracedTensor] = []
      var shapes: [PythonValue] = []
      for (index, tensor) in tensors.enumerated() {
        guard tensor.rank >= star.before + star.after else {
          throw interpreter.einopsError(
            "packed tensor #\(index) (enumeration starts with 0) has shape \(tensor.shape), while pattern "
              + "\(try call.string("pattern")) assumes at least \(star.before + star.after) axes")
        }
        let (head, rest) = (tensor.shape[..<star.before], tensor.shape[star.before...])
        let (packed, tail) = (rest.dropLast(star.after), rest.suffix(star.after))
        shapes.append(try interpreter.size(Array(packed)))
        parts.append(try interpreter.reshape(tensor, head + [packed.reduce(1, *)] + tail))
      }
      let joined = PythonValue.tensor(try interpreter.concatenate(parts, star.before))
      return try interpreter.tuple([joined, try interpreter.list(shapes)])
    }
    library.function("einops.unpack", signature: "(tensor, packed_shapes, pattern)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let tensor = try call.tensor("tensor")
      let star = try interpreter.packing(try call.string("pattern"), "unpack")
      guard tensor.rank == star.before + 1 + star.after else {
        throw interpreter.einopsError(
          "unpack(..., \(try call.string("pattern"))) received input of wrong dim with shape \(tensor.shape)")
      }
      var shapes: [[Int]] = []
      for value in try interpreter.elements(of: call["packed_shapes"]) {
        shapes.append(try call.ints(value, "packed_shapes"))
      }
      return try interpreter.unpacked(tensor, shapes, star.before)
    }
    library.function(
      "einops._torch_specific.allow_ops_in_compiled_graph", signature: "()"
    ) { (_) throws(Interruption) in .none }
    addEinopsLayers(&library)
  }

  private static func addEinopsLayers(_ library: inout Library) {
    for (name, signature) in [
      ("Rearrange", "(self, pattern, **axes_lengths)"),
      ("Reduce", "(self, pattern, reduction, **axes_lengths)"),
    ] {
      let initialize = NativeFunction("\(name).__init__", signature) { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let instance = try call.instance()
        try interpreter.spend(64)
        try interpreter.reserve(128)
        interpreter.beginModule(instance, call)
        let sizes = try interpreter.dictionary()
        for (axis, length) in try call.axisLengths() {
          let key = PythonValue.string(axis)
          sizes.set(key, try interpreter.hashKey(key), .int(length))
        }
        instance.set("axes_lengths", .dict(sizes))
        let kind: EinopsPattern.Kind =
          name == "Reduce" ? .reduce(call.reductionName("reduction")) : .rearrange
        _ = try interpreter.pattern(try call.string("pattern"), kind, try call.axisLengths())
        return .none
      }
      let forward = NativeFunction("\(name).forward", "(self, input)") { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let module = try call.instance()
        var sizes: [(name: String, length: Int)] = []
        if case .dict(let dictionary)? = module.attributes["axes_lengths"] {
          for item in dictionary.items {
            if case .string(let axis) = item.key, case .int(let length) = item.value {
              sizes.append((axis, length))
            }
          }
        }
        let reduction = module.attributes["reduction"]
        let kind: EinopsPattern.Kind =
          name == "Reduce" ? .reduce(NativeCall.name(ofReduction: reduction ?? .none)) : .rearrange
        return .tensor(
          try interpreter.transformed(
            try call.tensor("input"), module.string("pattern"), kind, sizes, reduction: reduction))
      }
      library.add(
        NativeClass(
          "einops.layers.torch.\(name)", base: "torch.nn.Module",
          methods: ["__init__": initialize, "forward": forward]))
    }
  }
}

extension NativeCall {
  /// A tensor, or a list of them as one with a new first dimension.
  fileprivate func stackedTensor(_ name: String) throws(Interruption) -> TracedTensor {
    switch self[name] {
    case .list, .tuple: try interpreter.stack(try tensors(name), 0)
    default: try tensor(name)
    }
  }

  /// The keyword arguments as lengths of axes, in their order.
  fileprivate func axisLengths() throws(Interruption) -> [(name: String, length: Int)] {
    var lengths: [(name: String, length: Int)] = []
    for (name, value) in restKeywords { lengths.append((name, try int(value, name))) }
    return lengths
  }

  fileprivate func reductionName(_ name: String) -> String { Self.name(ofReduction: self[name]) }

  fileprivate static func name(ofReduction value: PythonValue) -> String {
    if case .string(let name) = value { name } else { "function" }
  }
}

extension Interpreter {
  fileprivate func einopsError(_ message: String) -> Interruption {
    raise(className: "einops.EinopsError", message, identifier: "torch.einops")
  }

  fileprivate func pattern(
    _ text: String, _ kind: EinopsPattern.Kind, _ sizes: [(name: String, length: Int)], shape: [Int]? = nil
  ) throws(Interruption) -> EinopsPattern {
    try spend(text.utf8.count)
    do throws(EinopsExpression.Malformed) {
      return try EinopsPattern(text, kind, sizes: sizes.map(\.name))
    } catch {
      if error.isValueError {
        throw raise(.valueError, error.message, hint: "the pattern '\(text)' must have one '->'")
      }
      throw malformed(text, kind, sizes, shape, error.message)
    }
  }

  /// einops's message about a transformation that failed.
  private func malformed(
    _ text: String, _ kind: EinopsPattern.Kind, _ sizes: [(name: String, length: Int)], _ shape: [Int]?,
    _ message: String
  ) -> Interruption {
    let name =
      switch kind {
      case .rearrange: "rearrange"
      case .repeat: "repeat"
      case .reduce(let name): name
      }
    let given = sizes.map { "'\($0.name)': \($0.length)" }.joined(separator: ", ")
    return einopsError(
      "Error while processing \(name)-reduction pattern \"\(text)\".\n "
        + (shape.map { "Input tensor shape: \($0). " } ?? "") + "Additional info: {\(given)}.\n \(message)")
  }

  /// Splits, reduces, reorders, repeats and joins axes as a pattern says.
  fileprivate func transformed(
    _ input: TracedTensor, _ text: String, _ kind: EinopsPattern.Kind,
    _ sizes: [(name: String, length: Int)], reduction: PythonValue? = nil
  ) throws(Interruption) -> TracedTensor {
    let pattern = try pattern(text, kind, sizes, shape: input.shape)
    func failure(_ message: String) -> Interruption { malformed(text, kind, sizes, input.shape, message) }
    let explicit = pattern.left.dimensions.count - (pattern.left.hasEllipsis ? 1 : 0)
    guard pattern.left.hasEllipsis ? input.rank >= explicit : input.rank == explicit else {
      throw failure(
        "Wrong shape: expected \(pattern.left.hasEllipsis ? ">=" : "")\(explicit) dims. Received "
          + "\(input.rank)-dim tensor.")
    }
    let hiddenCount = input.rank - explicit
    let left = pattern.left.expanded(hiddenCount)
    let right = pattern.right.expanded(hiddenCount)
    var lengths: [EinopsExpression.Axis: Int] = [:]
    for (name, length) in sizes { lengths[.named(name)] = length }
    for axis in pattern.left.axes + pattern.right.axes {
      if case .anonymous(let length, _) = axis { lengths[axis] = length }
    }
    for (axes, extent) in zip(left, input.shape) {
      var known = 1
      var unknown: [EinopsExpression.Axis] = []
      for axis in axes {
        guard let length = lengths[axis] else {
          unknown.append(axis)
          continue
        }
        let (product, isOver) = known.multipliedReportingOverflow(by: length)
        guard !isOver, length > 0 else { throw failure("Shape mismatch, \(extent) != \(axis) of \(length)") }
        known = product
      }
      if let axis = unknown.first {
        guard unknown.count == 1 else { throw failure("Could not infer sizes for \(unknown.count) axes") }
        guard extent.isMultiple(of: known) else {
          throw failure("Shape mismatch, can't divide axis of length \(extent) in chunks of \(known)")
        }
        lengths[axis] = extent / known
      } else if known != extent {
        throw failure("Shape mismatch, \(extent) != \(known)")
      }
    }
    // Split, reduce what the right side lacks, reorder, add what the left side lacks, join.
    let elementary = left.flatMap(\.self)
    let wanted = right.flatMap(\.self)
    var result = try reshape(input, elementary.map { lengths[$0] ?? 1 })
    let surplus = elementary.indices.filter { !wanted.contains(elementary[$0]) }
    if case .reduce = kind, let reduction { result = try reduced(result, surplus, reduction, failure) }
    let kept = elementary.filter { wanted.contains($0) }
    let order = wanted.compactMap { kept.firstIndex(of: $0) }
    if order != Array(order.indices) { result = try permute(result, order) }
    if order.count < wanted.count {
      result = try reshape(result, wanted.map { kept.contains($0) ? lengths[$0] ?? 1 : 1 })
      result = try expand(result, wanted.map { lengths[$0] ?? 1 })
    }
    return try reshape(result, right.map { $0.reduce(1) { $0 * (lengths[$1] ?? 1) } })
  }

  private func reduced(
    _ input: TracedTensor, _ axes: [Int], _ reduction: PythonValue, _ failure: (String) -> Interruption
  ) throws(Interruption) -> TracedTensor {
    guard case .string(let name) = reduction else {
      let arguments = Arguments([.tensor(input), try tuple(axes.map { .int($0) })])
      guard case .tensor(let result) = try call(reduction, arguments), result.rank == input.rank - axes.count
      else { throw failure("the reduction does not yield a tensor without the axes \(axes)") }
      return result
    }
    if axes.isEmpty { return input }
    switch name {
    case "max", "min", "sum", "mean", "prod", "any", "all":
      if name == "mean", !input.dataType.isFloating {
        throw raise(.notImplementedError, "reduce_mean is not available for integer tensors")
      }
      guard
        case .function(let function)? = library.entry("torch.a\(name)") ?? library.entry("torch.\(name)")
      else { throw unsupported("the reduction '\(name)' is not supported") }
      var result = input
      for axis in axes.reversed() {
        guard case .tensor(let next) = try call(function, Arguments([.tensor(result), .int(axis)])) else {
          throw unsupported("the reduction '\(name)' is not supported")
        }
        result = next
      }
      return result
    default:
      throw failure(
        "Unknown reduction \(name). Expect one of ('min', 'max', 'sum', 'mean', 'prod', 'any', 'all').")
    }
  }

  /// How many axes stand before and behind the `*` of a packing pattern.
  fileprivate func packing(
    _ pattern: String, _ function: String
  ) throws(Interruption) -> (before: Int, after: Int) {
    let names = pattern.split(separator: " ")
    guard Set(names).count == names.count else {
      throw einopsError("Duplicates in axes names in \(function)(..., \"\(pattern)\")")
    }
    guard let star = names.firstIndex(of: "*") else {
      throw einopsError("No *-axis in \(function)(..., \"\(pattern)\")")
    }
    for name in names where name != "*" {
      guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }),
        name.first?.isNumber == false, name.first != "_", name.last != "_"
      else { throw einopsError("Invalid axis name \(name) in \(function)(..., \"\(pattern)\")") }
    }
    return (star, names.count - star - 1)
  }

  fileprivate func unpacked(
    _ tensor: TracedTensor, _ shapes: [[Int]], _ axis: Int
  ) throws(Interruption) -> PythonValue {
    let extent = tensor.shape[axis]
    var counts: [Int?] = []
    var known = 0
    for shape in shapes {
      let unknown = shape.count { $0 == -1 }
      guard shape.allSatisfy({ $0 >= -1 && $0 <= extent }), unknown <= 1 else {
        throw einopsError("can't infer shape \(shape) in unpack of an axis of \(extent)")
      }
      var count = 1
      for size in shape where size >= 0 {
        let (product, isOver) = count.multipliedReportingOverflow(by: size)
        guard !isOver else { throw einopsError("can't unpack \(shape) from an axis of \(extent)") }
        count = product
      }
      let (sum, isOver) = known.addingReportingOverflow(unknown == 0 ? count : 0)
      guard !isOver else { throw einopsError("can't unpack \(shape) from an axis of \(extent)") }
      known = sum
      counts.append(unknown == 0 ? count : nil)
    }
    let open = counts.count { $0 == nil }
    guard open <= 1, open == 1 ? known <= extent : known == extent else {
      throw einopsError(
        "Error during unpack(...): could not split axis of size \(extent) into the requested shapes \(shapes)"
      )
    }
    var parts: [PythonValue] = []
    var start = 0
    for (shape, count) in zip(shapes, counts) {
      let length = count ?? (extent - known)
      let part = try slice(tensor, axis, start, start + length)
      let target = Array(tensor.shape[..<axis]) + shape + Array(tensor.shape[(axis + 1)...])
      parts.append(.tensor(try view(part, target)))
      start += length
    }
    return try list(parts)
  }

  /// einops's equation with words for axes as one over numbered labels.
  fileprivate func namedEquation(
    _ pattern: String, _ tensors: [TracedTensor]
  ) throws(Interruption) -> EinsumEquation {
    try spend(pattern.utf8.count)
    guard let arrow = pattern.firstRange(of: "->") else {
      throw raise(.valueError, "Einsum pattern must contain '->'.")
    }
    let sides = pattern[..<arrow.lowerBound].split(separator: ",", omittingEmptySubsequences: false)
    guard sides.count == tensors.count else {
      throw raise(
        .valueError,
        "Number of left-hand tensors must match number of input tensors, got \(sides.count) and "
          + "\(tensors.count)")
    }
    var labels: [EinopsExpression.Axis: Int] = [:]
    func terms(_ text: Substring) throws(Interruption) -> [EinsumEquation.Term] {
      // A repeated name is a diagonal, so that each word is read by itself.
      var terms: [EinsumEquation.Term] = []
      for word in text.split(separator: " ") {
        do throws(EinopsExpression.Malformed) {
          let axes = try EinopsExpression(word, firstPlace: 0).dimensions
          guard axes.count == 1, axes[0].axes.count == 1, let axis = axes[0].axes.first else {
            throw EinopsExpression.Malformed(message: "Singleton() axes are not yet supported in einsum.")
          }
          switch axis {
          case .ellipsis, .hidden: terms.append(.ellipsis)
          case .anonymous:
            throw EinopsExpression.Malformed(message: "Anonymous axes are not yet supported in einsum.")
          case .named:
            let label = labels[axis] ?? labels.count
            labels[axis] = label
            terms.append(.label(label))
          }
        } catch {
          throw raise(.notImplementedError, error.message, identifier: "torch.einops")
        }
      }
      return terms
    }
    var operands: [[EinsumEquation.Term]] = []
    for side in sides { operands.append(try terms(side)) }
    return EinsumEquation(operands: operands, output: try terms(pattern[arrow.upperBound...]))
  }
}
