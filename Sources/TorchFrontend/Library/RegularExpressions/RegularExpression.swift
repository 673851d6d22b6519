/// A pattern of Python's `re` as a tree.
indirect enum RegularExpressionNode {
  /// One character.
  case character(CharacterTest)
  /// A place between characters.
  case boundary(Boundary)
  case sequence([RegularExpressionNode])
  case alternatives([RegularExpressionNode])
  /// What is remembered under a number.
  case group(RegularExpressionNode, Int)
  /// Parentheses that remember nothing.
  case plain(RegularExpressionNode)
  case repetition(RegularExpressionNode, ClosedRange<Int>, Greed)
  /// `(?=…)`, `(?!…)`, `(?<=…)`, `(?<!…)`; the characters it looks back over.
  case look(RegularExpressionNode, back: Int, isNegative: Bool)
  /// `(?>…)`
  case atomic(RegularExpressionNode)
  case backreference(Int, ignoresCase: Bool)
  /// `(?(1)…|…)`
  case conditional(Int, RegularExpressionNode, RegularExpressionNode)

  enum Greed { case greedy, lazy, possessive }

  enum Boundary {
    case start, end, lineStart, lineEnd, lastLineEnd
    case word(isNegated: Bool, isASCII: Bool)
  }

  /// What stands for no upper bound of a repetition or a width.
  static let unbounded = 1 << 31
}

/// The flags of `re`, with CPython's values.
struct RegularExpressionFlags: OptionSet {
  let rawValue: Int

  static let ignoreCase = Self(rawValue: 2)
  static let locale = Self(rawValue: 4)
  static let multiline = Self(rawValue: 8)
  static let dotAll = Self(rawValue: 16)
  static let unicode = Self(rawValue: 32)
  static let verbose = Self(rawValue: 64)
  static let debug = Self(rawValue: 128)
  static let ascii = Self(rawValue: 256)
}

/// Why a pattern is none: CPython's message, and where.
enum RegularExpressionFailure: Error {
  case invalid(String, position: Int?)
  /// It is valid, but is not read here.
  case unsupported(String)
}

/// Which characters stand at one place.
struct CharacterTest: Equatable {
  enum Category { case digit, space, word }

  enum Item: Equatable {
    case range(ClosedRange<UInt32>)
    case category(Category, isNegated: Bool)
  }

  var items: [Item]
  var isNegated = false
  var ignoresCase = false
  var isASCII = false

  /// One character.
  static func scalar(_ value: UInt32, _ flags: RegularExpressionFlags) -> CharacterTest {
    CharacterTest(
      items: [.range(value...value)], ignoresCase: flags.contains(.ignoreCase),
      isASCII: flags.contains(.ascii))
  }

  /// Whether a character passes.
  func accepts(_ scalar: UInt32) -> Bool {
    if ignoresCase { return acceptsWithoutCase(scalar) }
    for item in items where includes(item, scalar) { return !isNegated }
    return isNegated
  }

  private func acceptsWithoutCase(_ scalar: UInt32) -> Bool {
    let lower = Self.lowercase(scalar, isASCII)
    let upper = Self.uppercase(lower, isASCII)
    for item in items {
      switch item {
      case .range(let range):
        if range.contains(lower) || range.contains(upper) { return !isNegated }
        // One character is compared by its own lower case, such as `K` for the Kelvin sign.
        if range.count == 1, Self.lowercase(range.lowerBound, isASCII) == lower { return !isNegated }
      case .category: if includes(item, lower) { return !isNegated }
      }
    }
    return isNegated
  }

  private func includes(_ item: Item, _ scalar: UInt32) -> Bool {
    switch item {
    case .range(let range): range.contains(scalar)
    case .category(let category, let isNegated): Self.belongs(scalar, category, isASCII) != isNegated
    }
  }

  /// Whether a character is a digit, white space, or part of a word.
  static func belongs(_ scalar: UInt32, _ category: Category, _ isASCII: Bool) -> Bool {
    if scalar < 128 || isASCII {
      switch category {
      case .digit: return (48...57).contains(scalar)
      case .space:
        return scalar == 32 || (9...13).contains(scalar) || !isASCII && (28...31).contains(scalar)
      case .word:
        return (48...57).contains(scalar) || (65...90).contains(scalar) || (97...122).contains(scalar)
          || scalar == 95
      }
    }
    guard let properties = Unicode.Scalar(scalar)?.properties else { return false }
    switch category {
    case .digit: return properties.generalCategory == .decimalNumber
    case .space: return properties.isWhitespace
    case .word:
      switch properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
      default: return properties.numericType != nil
      }
    }
  }

  /// The lower case of a character where that is one character.
  static func lowercase(_ scalar: UInt32, _ isASCII: Bool) -> UInt32 {
    if scalar < 128 || isASCII { return (65...90).contains(scalar) ? scalar + 32 : scalar }
    let mapping = Unicode.Scalar(scalar)?.properties.lowercaseMapping.unicodeScalars
    guard let mapping, mapping.count == 1, let lower = mapping.first else { return scalar }
    return lower.value
  }

  private static func uppercase(_ scalar: UInt32, _ isASCII: Bool) -> UInt32 {
    if scalar < 128 || isASCII { return (97...122).contains(scalar) ? scalar - 32 : scalar }
    let mapping = Unicode.Scalar(scalar)?.properties.uppercaseMapping.unicodeScalars
    guard let mapping, mapping.count == 1, let upper = mapping.first else { return scalar }
    return upper.value
  }
}

extension RegularExpressionNode {
  /// The least and the most characters that a match may have, given those of the groups.
  func width(_ groups: [Int: ClosedRange<Int>]) -> ClosedRange<Int> {
    func sum(_ widths: [ClosedRange<Int>]) -> ClosedRange<Int> {
      var (least, most) = (0, 0)
      for width in widths {
        least = min(least + width.lowerBound, Self.unbounded)
        most = min(most + width.upperBound, Self.unbounded)
      }
      return least...most
    }
    func either(_ widths: [ClosedRange<Int>]) -> ClosedRange<Int> {
      (widths.map(\.lowerBound).min() ?? 0)...(widths.map(\.upperBound).max() ?? 0)
    }
    switch self {
    case .character: return 1...1
    case .boundary, .look: return 0...0
    case .sequence(let nodes): return sum(nodes.map { $0.width(groups) })
    case .alternatives(let nodes): return either(nodes.map { $0.width(groups) })
    case .group(let node, _), .plain(let node), .atomic(let node): return node.width(groups)
    case .repetition(let node, let counts, _):
      let width = node.width(groups)
      let least = width.lowerBound.multipliedReportingOverflow(by: counts.lowerBound)
      let most = width.upperBound.multipliedReportingOverflow(by: counts.upperBound)
      return
        (least.overflow ? Self.unbounded : min(least.partialValue, Self.unbounded))...(most.overflow
        ? Self.unbounded : min(most.partialValue, Self.unbounded))
    case .backreference(let group, _): return groups[group] ?? 0...Self.unbounded
    case .conditional(_, let yes, let no): return either([yes.width(groups), no.width(groups)])
    }
  }
}
