/// Escapes and sets.
extension RegularExpressionParser {
  private static let controls: [UInt32: UInt32] = [
    97: 7, 102: 12, 110: 10, 114: 13, 116: 9, 118: 11, 92: 92,
  ]

  private static func category(_ letter: UInt32) -> CharacterTest.Item? {
    switch letter {
    case 100: .category(.digit, isNegated: false)
    case 68: .category(.digit, isNegated: true)
    case 115: .category(.space, isNegated: false)
    case 83: .category(.space, isNegated: true)
    case 119: .category(.word, isNegated: false)
    case 87: .category(.word, isNegated: true)
    default: nil
    }
  }

  /// What follows a backslash outside a set.
  mutating func parseEscape(_ start: Int, _ flags: Flags) throws(RegularExpressionFailure) -> Node {
    guard let letter = next() else { throw .invalid("bad escape (end of pattern)", position: start) }
    let isASCII = flags.contains(.ascii)
    if let item = Self.category(letter) { return .character(CharacterTest(items: [item], isASCII: isASCII)) }
    switch letter {
    case 65: return .boundary(.start)
    case 90: return .boundary(.end)
    case 98: return .boundary(.word(isNegated: false, isASCII: isASCII))
    case 66: return .boundary(.word(isNegated: true, isASCII: isASCII))
    case 48: return .character(.scalar(octal(0, digits: 2), flags))
    case 49...57: return try parseReference(start, letter, flags)
    default: return .character(.scalar(try escapedCharacter(start, letter), flags))
    }
  }

  /// A back reference, or a character by three octal digits.
  private mutating func parseReference(
    _ start: Int, _ first: UInt32, _ flags: Flags
  ) throws(RegularExpressionFailure) -> Node {
    var index = Int(first - 48)
    if position < text.count, (48...57).contains(text[position]) {
      let second = text[position]
      position += 1
      let isOctal = (48...55).contains(first) && (48...55).contains(second)
      if isOctal, position < text.count, (48...55).contains(text[position]) {
        let value = octal((first - 48) * 8 + (second - 48), digits: 1)
        return .character(.scalar(try checkedOctal(value, start), flags))
      }
      index = index * 10 + Int(second - 48)
    }
    guard index <= groupCount else {
      throw .invalid("invalid group reference \(index)", position: start + 1)
    }
    try checkReference(index, start, position)
    return .backreference(index, ignoresCase: flags.contains(.ignoreCase))
  }

  /// The character that an escape stands for both within sets and outside them.
  private mutating func escapedCharacter(
    _ start: Int, _ letter: UInt32
  ) throws(RegularExpressionFailure) -> UInt32 {
    if let control = Self.controls[letter] { return control }
    let digits: [UInt32: Int] = [120: 2, 117: 4, 85: 8]
    if let count = digits[letter] {
      var value: UInt32 = 0
      var found = 0
      while found < count, position < text.count, let digit = Self.hexadecimal(text[position]) {
        value = value &* 16 &+ digit
        position += 1
        found += 1
      }
      guard found == count else {
        throw .invalid("incomplete escape \(slice(start))", position: start)
      }
      guard value <= 0x10FFFF else { throw .invalid("bad escape \(slice(start))", position: start) }
      return value
    }
    if letter == 78 { throw .unsupported("characters by their names") }
    guard !Self.isLetter(letter) else {
      throw .invalid("bad escape \\\(Self.string(letter))", position: start)
    }
    return letter
  }

  private static func hexadecimal(_ value: UInt32) -> UInt32? {
    switch value {
    case 48...57: value - 48
    case 65...70: value - 55
    case 97...102: value - 87
    default: nil
    }
  }

  private mutating func octal(_ start: UInt32, digits: Int) -> UInt32 {
    var value = start
    var left = digits
    while left > 0, position < text.count, (48...55).contains(text[position]) {
      value = value * 8 + (text[position] - 48)
      position += 1
      left -= 1
    }
    return value
  }

  private func checkedOctal(_ value: UInt32, _ start: Int) throws(RegularExpressionFailure) -> UInt32 {
    guard value <= 0o377 else {
      throw .invalid("octal escape value \(slice(start)) outside of range 0-0o377", position: start)
    }
    return value
  }

  private func slice(_ start: Int) -> String { text[start..<position].map(Self.string).joined() }

  // MARK: Sets

  /// What stands between brackets.
  mutating func parseSet(_ start: Int, _ flags: Flags) throws(RegularExpressionFailure) -> CharacterTest {
    var test = CharacterTest(
      items: [], ignoresCase: flags.contains(.ignoreCase), isASCII: flags.contains(.ascii))
    test.isNegated = take("^")
    while true {
      let place = position
      guard let value = next() else { throw .invalid("unterminated character set", position: start) }
      if value == 93, !test.items.isEmpty { return test }
      let low = try setItem(place, value)
      guard take("-") else {
        test.items.append(low)
        continue
      }
      guard let following = next() else { throw .invalid("unterminated character set", position: start) }
      if following == 93 {
        test.items += [low, .range(45...45)]
        return test
      }
      let high = try setItem(position - 1, following)
      guard case .range(let first) = low, case .range(let last) = high,
        first.lowerBound <= last.lowerBound
      else { throw .invalid("bad character range \(slice(place))", position: place) }
      test.items.append(.range(first.lowerBound...last.lowerBound))
    }
  }

  private mutating func setItem(
    _ place: Int, _ value: UInt32
  ) throws(RegularExpressionFailure) -> CharacterTest.Item {
    guard value == 92 else { return .range(value...value) }
    guard let letter = next() else { throw .invalid("bad escape (end of pattern)", position: place) }
    if let item = Self.category(letter) { return item }
    let character: UInt32
    switch letter {
    case 98: character = 8
    case 48...55:
      position -= 1
      let value = octal(0, digits: 3)
      character = try checkedOctal(value, place)
    case 56, 57: throw .invalid("bad escape \\\(Self.string(letter))", position: place)
    default: character = try escapedCharacter(place, letter)
    }
    return .range(character...character)
  }
}
