import PythonSyntax
import Scoring

extension ScoreReport {
  /// The scores for the terminal: a table of proxies for one network, a table of networks for several.
  public var text: String {
    var lines: [String] = []
    for network in networks {
      let texts = network.diagnostics.map(\.rendered) + network.healed.map { "healed: \($0)" }
      if networks.count > 1, !texts.isEmpty { lines.append("\(network.file):") }
      lines += texts
    }
    let scored = networks.filter(\.ok)
    if let network = scored.first, networks.count == 1 {
      lines.append(
        "\(network.network ?? ""): \(Figures.short(Double(network.parameters ?? 0))) parameters, "
          + "\(Figures.short(Double(network.macs ?? 0))) MACs; \(source)")
      lines += ["", proxyTable(network)]
    } else if !scored.isEmpty {
      lines += [source, "", networkTable(scored)]
    }
    lines += failures(scored)
    if cancelled { lines.append("Stopped; what is missing was not begun.") }
    return lines.joined(separator: "\n")
  }

  private var source: String {
    "a batch of \(batch) \(data == "noise" ? "noise images" : "images of \(data)"), seed \(seed)"
  }

  private func proxyTable(_ network: Network) -> String {
    var table = TextTable(["proxy", "score", "better", "ms"], numbers: [1, 3])
    for name in proxies {
      guard let score = network.scores[name], let proxy = Proxy(rawValue: name) else { continue }
      table.add([
        name, score.value.map(Self.number) ?? "–", proxy.direction.rawValue,
        score.value == nil ? "–" : Figures.fixed(score.milliseconds, 1),
      ])
    }
    return table.text
  }

  /// One row for each network, the best sum of ranks first; each score with its rank in brackets.
  private func networkTable(_ networks: [Network]) -> String {
    let shown = proxies.filter { $0 != Proxy.parameters.rawValue && $0 != Proxy.macs.rawValue }
    let joins = ["rank sum"] + (networks.contains { $0.azNAS != nil } ? ["az_nas"] : [])
    var table = TextTable(
      ["network", "params", "MACs"] + shown + joins, numbers: Set(1..<3 + shown.count + joins.count))
    for network in networks.sorted(by: { ($0.rankSum ?? 0) > ($1.rankSum ?? 0) }) {
      let cells = shown.map { name in
        guard let score = network.scores[name], let value = score.value else { return "–" }
        return Self.number(value) + (score.rank.map { " (\($0))" } ?? "")
      }
      let sums =
        [network.rankSum.map { Figures.fixed($0, 1) } ?? "–"]
        + (joins.count > 1 ? [network.azNAS.map { Figures.fixed($0, 3) } ?? "–"] : [])
      table.add(
        [
          network.file, Figures.short(Double(network.parameters ?? 0)),
          Figures.short(Double(network.macs ?? 0)),
        ] + cells + sums)
    }
    return table.text
  }

  private func failures(_ networks: [Network]) -> [String] {
    networks.flatMap { network in
      proxies.compactMap { name in
        network.scores[name]?.failure.map {
          "\(networks.count > 1 ? "\(network.file): " : "")\(name) has no score: \($0)."
        }
      }
    }
  }

  /// Five figures, whatever the size.
  private static func number(_ value: Double) -> String {
    let size = abs(value)
    if size >= 100_000 { return Figures.short(value) }
    return Figures.fixed(value, size >= 1000 ? 1 : size >= 10 ? 2 : size >= 0.01 || size == 0 ? 4 : 7)
  }
}
