import Foundation
import LanguageModels
import SearchSpaces

/// A strategy as data: for each choice how often its options shall be taken, and architectures to go on from.
///
/// The built-in stand-ins write and read it as the text that models write: `# NAVIGATION DIRECTIONS` with a section
/// for each choice, and `# EXAMPLE ARCHITECTURES`.
struct NavigationDirections: Sendable, Hashable {
  /// Of each choice the options' shares, by their places; they sum up to 1.
  var shares: [[Double]]
  /// Architectures to go on from.
  var examples: [[Int]] = []

  static let heading = "# NAVIGATION DIRECTIONS"

  init(shares: [[Double]], examples: [[Int]] = []) {
    self.shares = shares
    self.examples = examples
  }

  /// All options alike.
  init(even vocabulary: SpaceVocabulary) {
    shares = vocabulary.choices.map {
      Array(repeating: 1 / Double(max(1, $0.options.count)), count: $0.options.count)
    }
  }

  /// The text of the directions.
  func text(_ vocabulary: SpaceVocabulary) -> String {
    var lines = [Self.heading]
    for (choice, shares) in zip(vocabulary.choices, shares) {
      lines.append("## \(choice.name)")
      let order = shares.indices.sorted { (shares[$1], $0) < (shares[$0], $1) }
      for place in order {
        lines.append("- \(choice.options[place]): \(String(format: "%.1f", 100 * shares[place])) %")
      }
    }
    if !examples.isEmpty {
      lines += ["", "# EXAMPLE ARCHITECTURES"] + examples.map { vocabulary.json($0).encoded() }
    }
    return lines.joined(separator: "\n")
  }

  /// What a text directs, whoever wrote it.
  ///
  /// In the section of a choice a line with an option's name and a share says how often it is to be taken; where there
  /// are no shares, options that the section mentions are taken four times as often as others; a choice without a
  /// section is left to chance. Architectures in JSON are examples.
  init(reading text: String, _ vocabulary: SpaceVocabulary) {
    self.init(even: vocabulary)
    var sections: [Int: [Substring]] = [:]
    var section: Int?
    for line in text.prefix(1 << 16).split(whereSeparator: \.isNewline) {
      if line.hasPrefix("#") {
        section = vocabulary.place(ofChoice: line.drop { $0 == "#" })
      } else if let section {
        sections[section, default: []].append(line)
      }
    }
    for (choice, lines) in sections {
      shares[choice] = Self.shares(in: lines, choice, vocabulary) ?? shares[choice]
    }
    for case .options(let options) in vocabulary.readings(in: text) { examples.append(options) }
  }

  private static func shares(
    in lines: [Substring], _ choice: Int, _ vocabulary: SpaceVocabulary
  ) -> [Double]? {
    let options = vocabulary.choices[choice].options
    var stated = [Double?](repeating: nil, count: options.count)
    var mentioned: Set<Int> = []
    for line in lines {
      let words = line.split { $0.isWhitespace || "-*`:,;()\"'.".contains($0) }
      mentioned.formUnion(words.compactMap { vocabulary.place(ofOption: String($0), choice: choice) })
      guard let colon = line.firstIndex(of: ":"),
        let place = vocabulary.place(
          ofOption: String(
            line[..<colon].filter { !"*`".contains($0) }.drop { $0.isWhitespace || $0 == "-" }),
          choice: choice)
      else { continue }
      let digits = line[colon...].dropFirst().drop(while: \.isWhitespace).prefix { $0.isNumber || $0 == "." }
      if let share = Double(digits), share.isFinite { stated[place] = share }
    }
    let sum = stated.reduce(0) { $0 + ($1 ?? 0) }
    if sum > 0, sum.isFinite { return stated.map { ($0 ?? 0) / sum } }
    guard !mentioned.isEmpty else { return nil }
    let total = Double(options.count + 3 * mentioned.count)
    return options.indices.map { (mentioned.contains($0) ? 4 : 1) / total }
  }
}
