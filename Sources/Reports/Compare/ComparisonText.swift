import Foundation
import QualityDiversity

extension Comparison {
  /// The comparison for a terminal of 80 columns.
  ///
  /// - Parameter listsNiches: whether every niche is listed behind the rest.
  public func text(listsNiches: Bool = false) -> String {
    var parts = [Self.wrapped(verdict)]
    if let pair = pairs.first, pairs.count == 1 {
      parts.append(table(pair))
    } else {
      parts += [groupTable, matrix]
    }
    if let budgets = budgetTable { parts.append(budgets) }
    if let map { parts.append(map) }
    parts.append(notes.map { Self.wrapped("note: \($0)") }.joined(separator: "\n"))
    if listsNiches { parts += pairs.map(nicheTable) }
    return CandidateView.printable(parts.joined(separator: "\n\n"))
  }

  // MARK: Tables

  private func table(_ pair: Pair) -> String {
    let isTested = pair.figures.contains { $0.test != nil }
    let names = [pair.first, pair.second].map { Self.short($0, 16) }
    var table = TextTable(
      ["", names[0], names[1], "first − second"] + (isTested ? ["p"] : []), numbers: [1, 2, 3, 4])
    guard let first = groups.first, let second = groups.last else { return "" }
    for figure in pair.figures {
      guard let left = first.figure(figure.figure), let right = second.figure(figure.figure) else { continue }
      var row = [title(figure.figure), value(left), value(right)]
      row.append(Self.value(figure.difference, figure.interval, scale: scale(figure.figure), isSigned: true))
      if isTested { row.append(figure.correctedP.map(Figures.probability) ?? "") }
      table.add(row)
    }
    for (name, count) in counts { table.add([name] + groups.map { count($0) }) }
    return table.text
  }

  private var groupTable: String {
    let shown = groups.prefix(6)
    var table = TextTable([""] + shown.map { Self.short($0.name, 18) }, numbers: Set(1...6))
    for figure in groups.first?.figures.map(\.figure) ?? [] {
      table.add(
        [title(figure)] + shown.map { $0.figure(figure).map { value($0, isShort: groups.count > 3) } ?? "–" })
    }
    for (name, count) in counts { table.add([name] + shown.map { count($0) }) }
    return table.text
  }

  var counts: [(String, (Group) -> String)] {
    [
      (
        "niches",
        { group in
          Figures.significant(SampleFigures.mean(group.members.map { Double($0.statistics.elites) }) ?? 0)
            + " of \(cells)"
        }
      ),
      (
        "candidates",
        { group in Figures.short(SampleFigures.mean(group.members.map { Double($0.candidates) }) ?? 0) }
      ),
    ]
      + SpendingKind.allCases.filter { $0 != .seconds }.compactMap { kind in
        guard groups.contains(where: { group in group.members.contains { $0.spent[kind.rawValue] != nil } })
        else { return nil }
        return (
          kind.title,
          { group in
            SampleFigures.mean(group.members.compactMap { $0.spent[kind.rawValue] }).map(Figures.short) ?? "–"
          }
        )
      }
  }

  /// QD scores when all had spent as much of something.
  private var budgetTable: String? {
    let shown = budgets.filter { !$0.isWhole && $0.kind != .evaluations }
    guard !shown.isEmpty else { return nil }
    return shown.map { budget in
      let scores = budget.groups.map { "\(Self.short($0.name, 20)) \(Figures.significant($0.qdScore))" }
      return Self.wrapped(
        "at \(Figures.short(budget.amount)) \(budget.kind.title) each: QD score \(scores.joined(separator: ", "))"
      )
    }.joined(separator: "\n")
  }

  /// Each group against each other: niches won, lost and tied.
  private var matrix: String {
    var table = TextTable(
      ["won-lost=tied"] + groups.map { Self.short($0.name, 14) }, numbers: Set(1...groups.count))
    for row in groups {
      table.add(
        [Self.short(row.name, 14)]
          + groups.map { column in
            if row.name == column.name { return "·" }
            let isMirrored = !pairs.contains { $0.first == row.name && $0.second == column.name }
            let names = isMirrored ? (column.name, row.name) : (row.name, column.name)
            guard let pair = pairs.first(where: { $0.first == names.0 && $0.second == names.1 }) else {
              return ""
            }
            let won = pair.count(.won) + pair.count(.onlyFirst)
            let lost = pair.count(.lost) + pair.count(.onlySecond)
            let p = pair.figure(.qdScore)?.correctedP ?? 1
            return
              "\(isMirrored ? lost : won)-\(isMirrored ? won : lost)=\(pair.count(.tied))\(p < 0.05 ? "*" : "")"
          })
    }
    return table.text + "\n"
      + Self.wrapped(
        "row against column, niches that only one has counted as won; * QD scores differ, p < 0.05")
  }

  private func nicheTable(_ pair: Pair) -> String {
    var table = TextTable(
      ["niche"] + axes + [Self.short(pair.first, 16), Self.short(pair.second, 16), "difference", "standing"],
      numbers: Set(0...(axes.count + 3)))
    for niche in pair.niches {
      var row = ["\(niche.cell)"] + middle(niche)
      for content in [niche.first, niche.second] {
        row.append(
          content.map {
            Figures.fixed($0.fitness * (isShare ? 100 : 1), 2) + ($0.runs > 1 ? " (\($0.runs))" : "")
          } ?? "–")
      }
      row.append(niche.difference.map { Figures.signed($0 * (isShare ? 100 : 1), 2) } ?? "–")
      row.append(niche.standing.rawValue)
      table.add(row)
    }
    let unit = isShare ? "fitness in per cent; " : ""
    return "niches of \(pair.first) against \(pair.second) (\(unit)in brackets: runs with an elite there)\n"
      + table.text
  }

  /// The measures at the middle of a niche, categories by name.
  func middle(_ niche: NicheComparison) -> [String] {
    zip(space.axes, niche.centre).map { $0.category(of: $1) ?? Figures.short($1) }
  }

  // MARK: Map

  private var map: String? {
    let legend: [String]
    let drawn: ComparisonMap
    let dimensions = (space as? GridArchive<Int>)?.tessellation.dimensions
    if let pair = pairs.first, pairs.count == 1 {
      guard !pair.niches.isEmpty else { return nil }
      drawn = ComparisonMap(
        space, dimensions: dimensions,
        cells: Dictionary(
          pair.niches.map { ($0.cell, $0.standing) }, uniquingKeysWith: { first, _ in first }),
        letter: Self.letter)
      let (one, two) = (Self.short(pair.first, 18), Self.short(pair.second, 18))
      legend = [
        "A  only \(one)", "a  \(one) fitter", "B  only \(two)", "b  \(two) fitter", "=  tied", "·  empty",
      ]
    } else {
      drawn = ComparisonMap(space, dimensions: dimensions, cells: leaders) { Self.letter($0) }
      legend =
        groups.prefix(26).enumerated().map { "\(Self.letters[$0])  \(Self.short($1.name, 22))" }
        + ["   (capital: only there)", "=  tied", "·  empty"]
    }
    let names = space.axes.map { axis in
      if let categories = axis.categories {
        return "\(axis.name) \(Self.short(categories.joined(separator: ", "), 40))"
      }
      return "\(axis.name) \(Figures.short(axis.lower)) to \(Figures.short(axis.upper))"
        + (axis.scale == .logarithmic ? " (log)" : "")
    }
    let width = drawn.rows.first?.count ?? 0
    let height = max(drawn.rows.count, legend.count)
    var lines = [names.count > 1 ? "up: \(names[1]); right: \(names[0])" : "right: \(names[0])"]
    for line in 0..<height {
      let row = line < drawn.rows.count ? drawn.rows[line] : String(repeating: " ", count: width)
      lines.append((row + "  " + (line < legend.count ? legend[line] : "")).trimmedRight)
    }
    if drawn.isCoarse { lines.append("(a letter stands for several cells: what most of them come to)") }
    return lines.joined(separator: "\n")
  }

  private static let letters: [Character] = Array("abcdefghijklmnopqrstuvwxyz")

  /// What niches of one place come to: the side that most of them speak for.
  private static func letter(_ standings: [NicheStanding]) -> Character {
    guard !standings.isEmpty else { return "·" }
    let only = (standings.count { $0 == .onlyFirst }, standings.count { $0 == .onlySecond })
    let first = only.0 + standings.count { $0 == .won }
    let second = only.1 + standings.count { $0 == .lost }
    if first == second { return "=" }
    if first > second { return only.0 * 2 > first ? "A" : "a" }
    return only.1 * 2 > second ? "B" : "b"
  }

  /// The group that leads in a niche.
  struct Leader {
    var group: Int
    var isAlone: Bool
  }

  /// The group with the fittest elites of each niche, nil of a tie; from the pairs, so that noise counts as there.
  var leaders: [Int: Leader?] {
    var fitness: [Int: [Int: Double]] = [:]
    var ties: [Int: Set<Set<String>>] = [:]
    let places = Dictionary(
      groups.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    for pair in pairs {
      guard let first = places[pair.first], let second = places[pair.second] else { continue }
      for niche in pair.niches {
        if let content = niche.first { fitness[niche.cell, default: [:]][first] = content.fitness }
        if let content = niche.second { fitness[niche.cell, default: [:]][second] = content.fitness }
        if niche.standing == .tied { ties[niche.cell, default: []].insert([pair.first, pair.second]) }
      }
    }
    return fitness.mapValues { values -> Leader? in
      guard let best = values.max(by: { ($0.value, -$0.key) < ($1.value, -$1.key) }) else { return nil }
      return Leader(group: best.key, isAlone: values.count == 1)
    }.reduce(into: [:]) { result, entry in
      let leader = entry.value
      let isTied = leader.map { leader in
        ties[entry.key]?.contains { $0.contains(groups[leader.group].name) } ?? false
      }
      result[entry.key] = .some(isTied == true ? nil : leader)
    }
  }

  private static func letter(_ leaders: [Leader?]) -> Character {
    guard !leaders.isEmpty else { return "·" }
    var counts: [Int: (all: Int, alone: Int)] = [:]
    for case let leader? in leaders {
      counts[leader.group, default: (0, 0)].all += 1
      if leader.isAlone { counts[leader.group, default: (0, 0)].alone += 1 }
    }
    let ranked = counts.sorted { $0.value.all > $1.value.all }
    guard let best = ranked.first, ranked.count < 2 || ranked[1].value.all < best.value.all,
      letters.indices.contains(best.key)
    else { return "=" }
    let letter = letters[best.key]
    return best.value.alone * 2 > best.value.all ? Character(letter.uppercased()) : letter
  }

  // MARK: Words

  func scale(_ figure: ComparisonFigure) -> Double {
    switch figure {
    case .coverage: 100
    case .best, .mean, .normalizedQDScore, .continuousScore: isShare ? 100 : 1
    case .qdScore, .budgetQDScore, .averageQDScore, .moqdScore, .globalHypervolume: 1
    }
  }

  func title(_ figure: ComparisonFigure) -> String {
    figure.title + (scale(figure) == 100 ? ", %" : "")
  }

  func value(_ figure: GroupFigure, isShort: Bool = false) -> String {
    Self.value(figure.mean, isShort ? nil : figure.interval, scale: scale(figure.figure), isSigned: false)
  }

  static func value(
    _ value: Double?, _ interval: ConfidenceInterval?, scale: Double, isSigned: Bool
  ) -> String {
    guard let value else { return "–" }
    let interval = interval.map { ConfidenceInterval(lower: $0.lower * scale, upper: $0.upper * scale) }
    let size = max(abs(value * scale), interval.map { max(abs($0.lower), abs($0.upper)) } ?? 0)
    let decimals = Figures.decimals(size)
    let text = (isSigned && value > 0 ? "+" : "") + Figures.fixed(value * scale, decimals)
    guard let interval else { return text }
    return "\(text) (\(Figures.stretch(interval, decimals: decimals)))"
  }

  /// A name cut in its middle to so many characters.
  static func short(_ name: String, _ length: Int) -> String {
    guard name.count > length else { return name }
    return "\(name.prefix((length - 1) / 2))…\(name.suffix(length - 1 - (length - 1) / 2))"
  }

  /// The text in lines of at most 80 characters, further lines set in.
  static func wrapped(_ text: String) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > 80 {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return (lines + [line]).joined(separator: "\n")
  }
}

extension Figures {
  /// A number with three significant digits, whole ones in full.
  static func significant(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    return fixed(value, value == value.rounded() ? 0 : decimals(abs(value)))
  }

  /// How many decimals a number of that size is written with.
  static func decimals(_ size: Double) -> Int {
    size >= 100 || size == 0 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : size >= 0.001 ? 4 : 6
  }

  /// A number with its sign and so many decimals.
  static func signed(_ value: Double, _ decimals: Int) -> String {
    (value > 0 ? "+" : "") + fixed(value, decimals)
  }

  /// An interval, such as `0.90…3.10`.
  static func stretch(_ interval: ConfidenceInterval, decimals: Int? = nil) -> String {
    let decimals = decimals ?? Self.decimals(max(abs(interval.lower), abs(interval.upper)))
    return "\(fixed(interval.lower, decimals))…\(fixed(interval.upper, decimals))"
  }

  /// A probability as people write it.
  static func probability(_ p: Double) -> String {
    p < 0.001 ? "< 0.001" : p < 0.01 ? fixed(p, 3) : fixed(p, 2)
  }
}

extension SignificanceTest.Method {
  /// What it is called.
  var title: String {
    switch self {
    case .wilcoxonExact: "exact Wilcoxon signed-rank test of runs paired by seed"
    case .wilcoxonPermutation: "Wilcoxon signed-rank test of runs paired by seed, by drawn signs"
    case .mannWhitneyExact: "exact Mann-Whitney test"
    case .mannWhitneyPermutation: "Mann-Whitney test by drawn permutations"
    }
  }
}

extension String {
  /// The text without blanks at its end.
  fileprivate var trimmedRight: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
