/// A table in plain text, columns aligned.
public struct TextTable: Sendable {
  private var rows: [[String]]
  private let isNumeric: [Bool]

  /// A table with those column titles; those of `numbers` are aligned to the right.
  public init(_ titles: [String], numbers: Set<Int> = []) {
    rows = [titles]
    isNumeric = titles.indices.map { numbers.contains($0) }
  }

  /// Adds a row; cells beyond the titles are left out.
  public mutating func add(_ cells: [String]) { rows.append(cells) }

  /// The lines, titles first.
  public var text: String {
    let widths = isNumeric.indices.map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.prefix(widths.count).enumerated().map { column, cell in
        let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
        return isNumeric[column] ? padding + cell : cell + padding
      }
      var line = Substring(cells.joined(separator: "  "))
      while line.last == " " { line.removeLast() }
      return String(line)
    }.joined(separator: "\n")
  }
}

/// How figures are written for people.
public enum Figures {
  /// A share as per cent with that many decimals, such as `88.4 %`.
  public static func percent(_ share: Double, decimals: Int = 1) -> String {
    "\(fixed(share * 100, decimals)) %"
  }

  /// A number with exactly that many decimals.
  public static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let scale = (0..<decimals).reduce(1.0) { result, _ in result * 10 }
    let scaled = (abs(value) * scale).rounded()
    // Beyond 2⁵³ the decimals are not in the number any more.
    guard scaled < 9e15 else { return "\(value)" }
    guard decimals > 0 else { return "\(value < 0 && scaled > 0 ? "-" : "")\(Int(scaled))" }
    let whole = Int(scaled) / Int(scale)
    let digits = String(Int(scaled) % Int(scale))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return "\(sign)\(whole).\(String(repeating: "0", count: decimals - digits.count))\(digits)"
  }

  /// A count in short, such as `13.3 k` or `1.52 M`.
  public static func short(_ value: Double) -> String {
    for (limit, unit) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where abs(value) >= limit {
      let scaled = value / limit
      return "\(fixed(scaled, abs(scaled) < 10 ? 2 : abs(scaled) < 100 ? 1 : 0)) \(unit)"
    }
    return value == value.rounded() ? fixed(value, 0) : fixed(value, abs(value) < 10 ? 2 : 1)
  }
}
