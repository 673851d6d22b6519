import Search

extension EliteComparison {
  /// The comparison for the terminal.
  ///
  /// - Parameter isColourful: whether lines that were added and removed are coloured.
  public func text(isColourful: Bool = false) -> String {
    let changes = layers.filter { $0.kind != .same }
    let list = changes.map { "  \(sign($0.kind)) \($0.sentence)" }.joined(separator: "\n")
    let parts = [
      Comparison.wrapped(verdict), table + notes.map { "\n\n" + Comparison.wrapped("note: \($0)") }.joined(),
      changes.isEmpty ? "The layers are the same." : "layers, from the first to the second:\n" + list,
    ]
    let difference = source.lines.isEmpty ? "The sources are the same." : diff(isColourful)
    return (parts.map(CandidateView.printable) + [difference, Comparison.wrapped(relation)])
      .joined(separator: "\n\n")
  }

  private func sign(_ kind: LayerChange.Kind) -> String {
    switch kind {
    case .same: " "
    case .changed: "~"
    case .added: "+"
    case .removed: "-"
    }
  }

  private func diff(_ isColourful: Bool) -> String {
    let heading = [
      "--- \(first.run) niche \(first.nicheTitle), candidate \(first.candidate)",
      "+++ \(second.run) niche \(second.nicheTitle), candidate \(second.candidate)",
    ]
    let lines = source.lines.map { line in
      // What a model wrote must not command the terminal, so colours come after that was taken out.
      let text = CandidateView.printable(line.text)
      guard isColourful else { return text }
      switch line.kind {
      case .heading: return "\u{1B}[36m\(text)\u{1B}[0m"
      case .removed: return "\u{1B}[31m\(text)\u{1B}[0m"
      case .added: return "\u{1B}[32m\(text)\u{1B}[0m"
      case .same: return text
      }
    }
    return (heading + lines).joined(separator: "\n")
  }

  /// Figures in a row each, with how many times the first the second is.
  private var table: String {
    var table = TextTable(["", "first", "second", ""], numbers: [1, 2, 3])
    for row in rows { table.add(row) }
    return table.text
  }

  /// The rows: what, the first's, the second's, and the second's share of the first or difference from it.
  var rows: [[String]] {
    var rows: [[String]] = []
    func add(_ cells: [String]) { rows.append(cells + [String](repeating: "", count: 4 - cells.count)) }
    add(["run", first.run, second.run])
    add(["niche", first.nicheTitle, second.nicheTitle])
    add(["candidate", "\(first.candidate)", "\(second.candidate)"])
    add([
      "fitness", Figures.percent(first.fitness, decimals: 2), Figures.percent(second.fitness, decimals: 2),
      Figures.signed((second.fitness - first.fitness) * 100, 2),
    ])
    func row(_ title: String, _ left: Double?, _ right: Double?) {
      guard left != nil || right != nil else { return }
      var cells = [title] + [left, right].map { $0.map(Figures.short) ?? "–" }
      if let left, let right, left > 0 { cells.append("×\(Figures.significant(right / left))") }
      add(cells)
    }
    for name in Set(first.measures.keys).union(second.measures.keys).sorted()
    where !["parameters", "macs", "width", "depth"].contains(name) {
      row(name, first.measures[name], second.measures[name])
    }
    row("parameters", Double(first.description.parameters), Double(second.description.parameters))
    row("MACs", Double(first.description.macs), Double(second.description.macs))
    row("bytes of activations", Double(first.peakActivationBytes), Double(second.peakActivationBytes))
    row("width", Double(first.description.width), Double(second.description.width))
    row("depth", Double(first.description.depth), Double(second.description.depth))
    row("seconds of training", first.seconds, second.seconds)
    row("images trained on", first.imagesSeen.map(Double.init), second.imagesSeen.map(Double.init))
    add(["written by", first.origin.author.rawValue, second.origin.author.rawValue])
    add(["prompt", first.origin.prompt ?? "–", second.origin.prompt ?? "–"])
    add(["generation", "\(first.generation)", "\(second.generation)"])
    return rows
  }

  /// How the two are related, in words.
  var relation: String {
    guard let common = ancestry.common, let steps = ancestry.steps else {
      return "They have no common ancestor."
    }
    if steps == [0, 0] {
      return first.run == second.run ? "They are the same candidate." : "They are the same network."
    }
    if steps[0] == 0 {
      return "The second descends from the first by \(Self.count(steps[1])): \(line(ancestry.second))."
    }
    if steps[1] == 0 {
      return "The first descends from the second by \(Self.count(steps[0])): \(line(ancestry.first))."
    }
    let ancestor =
      common[0] == common[1]
      ? "candidate \(common[0])"
      : "candidate \(common[0]) of \(first.run), which is candidate \(common[1]) of \(second.run)"
    return "Their nearest common ancestor is \(ancestor): \(Self.count(steps[0])) to the first "
      + "(\(line(ancestry.first))), \(Self.count(steps[1])) to the second (\(line(ancestry.second)))."
  }

  private func line(_ candidates: [Int]) -> String {
    let shown =
      candidates.count > 12 ? candidates.prefix(11) + [candidates[candidates.count - 1]] : candidates[...]
    return shown.map(String.init).joined(separator: " ← ")
  }

  private static func count(_ steps: Int) -> String { steps == 1 ? "1 step" : "\(steps) steps" }
}
