extension NativeCall {
  /// The part of a text between the arguments `start` and `end`, and where it begins.
  func window(of text: String) throws(Interruption) -> (String, Int) {
    guard isGiven("start") || isGiven("end") else { return (text, 0) }
    let scalars = Array(text.unicodeScalars)
    try interpreter.spend(scalars.count >> 3)
    func place(_ value: Int) -> Int { min(max(value < 0 ? value &+ scalars.count : value, 0), scalars.count) }
    let start = place(try optionalInt("start") ?? 0)
    let end = place(try optionalInt("end") ?? scalars.count)
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[min(start, end)..<end])
    return (String(view), start)
  }
}

extension Interpreter {
  /// The offsets in bytes at which a text occurs in another, all of them or the first.
  func places(
    of part: String, in text: String, all: Bool, isOverlapping: Bool = true
  ) throws(Interruption) -> [Int] {
    var result: [Int] = []
    var position = 0
    while let place = try offset(of: part, in: text, from: position) {
      result.append(place)
      guard all else { break }
      position = place + (isOverlapping ? 1 : max(1, part.utf8.count))
    }
    return result
  }

  func split(
    _ text: String, _ call: NativeCall, fromBack: Bool
  ) throws(Interruption) -> PythonValue {
    let limit = try call.int("maxsplit")
    try reserve(text.utf8.count >> 2)
    var parts: [String] = []
    if isNone(call["sep"]) {
      let scalars = Array(text.unicodeScalars)
      var words: [Range<Int>] = []
      var start: Int?
      for (index, scalar) in scalars.enumerated() {
        if scalar.properties.isWhitespace {
          if let begin = start { words.append(begin..<index) }
          start = nil
        } else if start == nil {
          start = index
        }
      }
      if let begin = start { words.append(begin..<scalars.count) }
      func word(_ range: Range<Int>) -> PythonValue {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range])
        return .string(String(view))
      }
      guard limit >= 0, words.count > limit else { return try list(words.map(word)) }
      // What is left over keeps its inner white space.
      if fromBack {
        let head = 0..<words[words.count - limit - 1].upperBound
        let begin = scalars[head].firstIndex { !$0.properties.isWhitespace } ?? 0
        return try list([word(begin..<head.upperBound)] + words.suffix(limit).map(word))
      }
      let end = scalars.lastIndex { !$0.properties.isWhitespace } ?? 0
      return try list(words.prefix(limit).map(word) + [word(words[limit].lowerBound..<(end + 1))])
    }
    let separator = try call.string("sep")
    guard !separator.isEmpty else { throw raise(.valueError, "empty separator") }
    let bytes = Array(text.utf8)
    var position = 0
    while let place = try offset(of: separator, in: text, from: position) {
      parts.append(String(decoding: bytes[position..<place], as: UTF8.self))
      position = place + separator.utf8.count
    }
    parts.append(String(decoding: bytes[position...], as: UTF8.self))
    if limit >= 0, parts.count - 1 > limit {
      if fromBack {
        let head = parts.dropLast(limit).joined(separator: separator)
        parts = [head] + parts.suffix(limit)
      } else {
        let tail = parts.dropFirst(limit).joined(separator: separator)
        parts = parts.prefix(limit) + [tail]
      }
    }
    return try list(parts.map { .string($0) })
  }
}
