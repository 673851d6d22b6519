import Search

/// Axes as a user writes them, with commas between: `NAME=LOWER:UPPER:CELLS`, perhaps with `:log` behind it, or only
/// `NAME=CELLS` or `NAME` where the range is known otherwise.
struct GivenAxes {
  /// One axis.
  struct Axis {
    /// What it is called, or the formula itself.
    var name: String
    /// Where it begins and ends; nil where the text does not say.
    var range: (lower: Double, upper: Double)?
    /// How values are spread over it.
    var scale = DescriptorSettings.Scale.linear
    /// How many cells it has; nil where the text does not say.
    var cells: Int?
  }

  /// The axes, in their order.
  let axes: [Axis]

  /// Reads the text.
  ///
  /// - Throws: where it is something else, or an axis is given twice.
  init(_ text: String) throws(SearchError) {
    var axes: [Axis] = []
    for part in Self.parts(of: text) {
      let axis = try Self.axis(part)
      guard !axes.contains(where: { $0.name == axis.name }) else {
        throw SearchError("The axis '\(axis.name)' is given twice; each must measure something else.")
      }
      axes.append(axis)
    }
    self.axes = axes
  }

  private static func axis(_ part: Substring) throws(SearchError) -> Axis {
    guard let equals = part.lastIndex(of: "=") else {
      let name = part.trimmingBlanks
      guard !name.isEmpty else { throw malformed(part) }
      return Axis(name: name)
    }
    let name = part[..<equals].trimmingBlanks
    let fields = part[part.index(after: equals)...].split(separator: ":", omittingEmptySubsequences: false)
      .map(\.trimmingBlanks)
    guard !name.isEmpty else { throw malformed(part) }
    if fields.count == 1, let cells = Int(fields[0]) {
      return Axis(name: name, cells: try checked(cells, part))
    }
    guard fields.count == 3 || fields.count == 4 && ["log", "linear"].contains(fields[3]),
      let lower = Double(fields[0]), let upper = Double(fields[1]), let cells = Int(fields[2])
    else { throw malformed(part) }
    return Axis(
      name: name, range: (lower, upper), scale: fields.count == 4 && fields[3] == "log" ? .log : .linear,
      cells: try checked(cells, part))
  }

  private static func checked(_ cells: Int, _ part: Substring) throws(SearchError) -> Int {
    guard (1...10_000).contains(cells) else {
      throw SearchError("'\(part)' has \(cells) cells; an axis has 1 to 10000.")
    }
    return cells
  }

  /// The parts between commas that are not within brackets.
  private static func parts(of text: String) -> [Substring] {
    var depth = 0
    return text.split(omittingEmptySubsequences: false) { letter in
      if letter == "(" { depth += 1 }
      if letter == ")" { depth -= 1 }
      return letter == "," && depth == 0
    }
  }

  private static func malformed(_ part: Substring) -> SearchError {
    SearchError(
      "'\(part)' is no axis; write NAME=LOWER:UPPER:CELLS, such as log10(macs)=5:9:20 or depth=1:30:15.")
  }
}

extension Substring {
  /// The text without blanks around it.
  fileprivate var trimmingBlanks: String {
    var text = self
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
