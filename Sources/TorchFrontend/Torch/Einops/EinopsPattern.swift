/// One side of an einops pattern, such as `b (h d) ...`.
struct EinopsExpression {
  /// One elementary axis.
  enum Axis: Hashable {
    case named(String)
    /// A number above 1; each is an axis of its own.
    case anonymous(length: Int, place: Int)
    /// All axes that `...` stands for.
    case ellipsis
    /// One of them.
    case hidden(Int)
  }

  /// One dimension of the tensor: an axis, or several in parentheses; none for `1` and `()`.
  struct Dimension {
    var axes: [Axis] = []
    /// Whether it is `...` outside parentheses, which stands for as many dimensions.
    var isEllipsis = false
  }

  /// Why a pattern cannot be read, in einops's words.
  struct Malformed: Error {
    var message: String
    /// Whether einops lets Python's own ValueError through.
    var isValueError = false
  }

  private(set) var dimensions: [Dimension] = []

  /// All axes in order.
  var axes: [Axis] { dimensions.flatMap(\.axes) }
  var hasEllipsis: Bool { axes.contains(.ellipsis) }
  var hasAnonymousAxes: Bool {
    axes.contains { if case .anonymous = $0 { true } else { false } }
  }

  /// The side with `...` replaced by that many axes.
  func expanded(_ count: Int) -> [[Axis]] {
    let hidden = (0..<count).map { Axis.hidden($0) }
    return dimensions.flatMap { dimension -> [[Axis]] in
      if dimension.isEllipsis { return hidden.map { [$0] } }
      return [dimension.axes.flatMap { $0 == .ellipsis ? hidden : [$0] }]
    }
  }

  /// Reads a side; anonymous axes are numbered from `place` on, so that no two sides share one.
  init(_ text: Substring, firstPlace: Int) throws(Malformed) {
    var group: Dimension?
    var word = ""
    var place = firstPlace
    var dots = 0
    for character in text {
      if character == "." {
        dots += 1
        guard dots <= 3, word.isEmpty || dots > 1 else {
          throw Malformed(
            message: "Expression may contain dots only inside ellipsis (...); only one ellipsis for tensor ")
        }
        word.append(character)
        continue
      }
      if character.isASCII, character.isLetter || character.isNumber || character == "_" {
        word.append(character)
        continue
      }
      guard "() ".contains(character) else {
        throw Malformed(message: "Unknown character '\(character)'")
      }
      try finish(&word, &group, &place)
      switch character {
      case "(":
        guard group == nil else {
          throw Malformed(message: "Axis composition is one-level (brackets inside brackets not allowed)")
        }
        group = Dimension()
      case ")":
        guard let closed = group else { throw Malformed(message: "Brackets are not balanced") }
        dimensions.append(closed)
        group = nil
      default: break
      }
    }
    try finish(&word, &group, &place)
    guard group == nil else { throw Malformed(message: "Imbalanced parentheses in expression: \"\(text)\"") }
    guard dots == 0 || dots == 3 else {
      throw Malformed(
        message: "Expression may contain dots only inside ellipsis (...); only one ellipsis for tensor ")
    }
  }

  private mutating func finish(
    _ word: inout String, _ group: inout Dimension?, _ place: inout Int
  ) throws(Malformed) {
    defer { word = "" }
    if word.isEmpty { return }
    let axis: Axis
    if word.contains(".") {
      guard word == "..." else {
        throw Malformed(
          message: "Expression may contain dots only inside ellipsis (...); only one ellipsis for tensor ")
      }
      axis = .ellipsis
    } else if word.first?.isNumber == true {
      guard let length = Int(word) else {
        throw Malformed(message: "Invalid axis identifier: \(word)\nnot a valid python identifier")
      }
      guard length > 0 else { throw Malformed(message: "Anonymous axis should have positive length, not 0") }
      if length == 1 {
        if group == nil { dimensions.append(Dimension()) }
        return
      }
      axis = .anonymous(length: length, place: place)
      place += 1
    } else {
      guard word.first != "_", word.last != "_" else {
        throw Malformed(
          message:
            "Invalid axis identifier: \(word)\naxis name should should not start or end with underscore")
      }
      axis = .named(word)
      guard !axes.contains(axis), group?.axes.contains(axis) != true else {
        throw Malformed(message: "Indexing expression contains duplicate dimension \"\(word)\"")
      }
    }
    if group == nil {
      dimensions.append(Dimension(axes: [axis], isEllipsis: axis == .ellipsis))
    } else {
      group?.axes.append(axis)
    }
  }
}

/// A pattern of `rearrange`, `reduce` or `repeat`, checked as einops checks it.
struct EinopsPattern {
  /// What is made of the axes of one side only.
  enum Kind: Equatable {
    case rearrange
    case `repeat`
    /// The name of the reduction, for messages.
    case reduce(String)
  }

  let left: EinopsExpression
  let right: EinopsExpression

  /// - Parameter sizes: The names of the axes whose lengths are given.
  init(_ text: String, _ kind: Kind, sizes: [String]) throws(EinopsExpression.Malformed) {
    func malformed(_ message: String) -> EinopsExpression.Malformed { .init(message: message) }
    let sides = text.split(separator: "->", omittingEmptySubsequences: false)
    guard sides.count == 2 else {
      let problem = sides.count < 2 ? "not enough" : "too many"
      throw .init(message: "\(problem) values to unpack (expected 2, got \(sides.count))", isValueError: true)
    }
    left = try EinopsExpression(sides[0], firstPlace: 0)
    right = try EinopsExpression(sides[1], firstPlace: text.utf8.count)
    let (leftAxes, rightAxes) = (Set(left.axes), Set(right.axes))
    if right.hasEllipsis, !left.hasEllipsis {
      throw malformed("Ellipsis found in right side, but not left side of a pattern \(text)")
    }
    if left.hasEllipsis, !left.dimensions.contains(where: \.isEllipsis) {
      throw malformed("Ellipsis inside parenthesis in the left side is not allowed: \(text)")
    }
    func names(_ axes: Set<EinopsExpression.Axis>) -> String {
      let names = axes.map { axis in
        switch axis {
        case .named(let name): name
        case .anonymous(let length, _): "\(length)-axis"
        case .ellipsis, .hidden: "..."
        }
      }
      return "{" + names.sorted().map { "'\($0)'" }.joined(separator: ", ") + "}"
    }
    switch kind {
    case .rearrange:
      guard !left.hasAnonymousAxes, !right.hasAnonymousAxes else {
        throw malformed("Non-unitary anonymous axes are not supported in rearrange (exception is length 1)")
      }
      let difference = leftAxes.symmetricDifference(rightAxes)
      guard difference.isEmpty else {
        throw malformed(
          "Identifiers only on one side of expression (should be on both): \(names(difference))")
      }
    case .repeat:
      let surplus = leftAxes.subtracting(rightAxes)
      guard surplus.isEmpty else {
        throw malformed("Unexpected identifiers on the left side of repeat: \(names(surplus))")
      }
      let missing = rightAxes.subtracting(leftAxes).filter { axis in
        if case .named(let name) = axis { !sizes.contains(name) } else { false }
      }
      guard missing.isEmpty else {
        throw malformed("Specify sizes for new axes in repeat: \(names(missing))")
      }
    case .reduce(let name):
      let surplus = rightAxes.subtracting(leftAxes)
      guard surplus.isEmpty else {
        throw malformed("Unexpected identifiers on the right side of reduce \(name): \(names(surplus))")
      }
    }
    for name in sizes where !leftAxes.union(rightAxes).contains(.named(name)) {
      throw malformed("Axis \(name) is not used in transform")
    }
  }
}
