import Foundation
import QualityDiversity

/// What a comparison comes to, in plain words.
struct ComparisonVerdict {
  private let comparison: Comparison

  init(_ comparison: Comparison) { self.comparison = comparison }

  var text: String {
    guard comparison.pairs.count == 1, let pair = comparison.pairs.first else { return ranking }
    return [quality(pair), niches(pair), budget(pair)].compactMap { $0 }.joined(separator: " ")
  }

  // MARK: Two groups

  private func group(_ name: String) -> Comparison.Group? { comparison.groups.first { $0.name == name } }

  private func quality(_ pair: Comparison.Pair) -> String {
    guard let first = group(pair.first), let second = group(pair.second), let figure = pair.figure(.qdScore),
      let difference = figure.difference, let left = first.figure(.qdScore)?.mean,
      let right = second.figure(.qdScore)?.mean
    else { return "There is nothing to compare." }
    let empty = [first, second].filter { group in group.members.allSatisfy { $0.statistics.elites == 0 } }
    if empty.count == 2 { return "Neither \(first.name) nor \(second.name) has an elite." }
    if let empty = empty.first {
      return
        "\(empty.name) has no elite, so all there is to see is what \((empty.name == first.name ? second : first).name) found."
    }
    if pair.niches.allSatisfy({ $0.difference == 0 }) {
      return
        "No difference: \(first.name) and \(second.name) have the same niches with the same fitness, QD score "
        + "\(Figures.significant(left))."
    }
    let leads = difference >= 0
    let (better, worse) = leads ? (first.name, second.name) : (second.name, first.name)
    let figures =
      "QD score \(Figures.significant(max(left, right))) against \(Figures.significant(min(left, right)))"
    let interval = figure.interval.map { leads ? $0 : $0.negated }
    let isApart = interval.map { $0.lower > 0 } ?? false
    let stretch = interval.map { "95 % interval of the difference \(Figures.stretch($0))" }
    let sizes = Self.sizes(first.members.count, second.members.count)
    guard let test = figure.test, let p = figure.correctedP else {
      return single(
        better, worse, figures, stretch, isApart: isApart, isEqual: difference == 0,
        isOne: first.members.count == 1 && second.members.count == 1, sizes)
    }
    let evidence =
      "(\(stretch.map { $0 + ", " } ?? "")p = \(Figures.probability(p)), \(sizes))"
    if p < 0.05, isApart { return "\(better) is better: \(figures) \(evidence)." }
    if isApart, test.leastP >= 0.05 {
      return "\(better) looks better, but so few runs cannot prove it: \(figures) \(evidence)."
    }
    if isApart { return "\(better) looks better, but chance is not ruled out: \(figures) \(evidence)." }
    return "No clear difference: \(figures) for \(better) \(evidence)."
  }

  private func single(
    _ better: String, _ worse: String, _ figures: String, _ stretch: String?, isApart: Bool, isEqual: Bool,
    isOne: Bool, _ sizes: String
  ) -> String {
    let chance =
      isOne
      ? "with one run each the difference may be chance of the search"
      : "with \(sizes) it may be chance of the search"
    if isEqual { return "No difference in QD score (\(figures)); \(chance)." }
    guard let stretch else { return "\(better) is ahead: \(figures); \(chance)." }
    return isApart
      ? "\(better) is ahead: \(figures), which is more than the noise of measuring (\(stretch)); \(chance)."
      : "No clear difference: \(figures) for \(better), within the noise of measuring (\(stretch)); \(chance)."
  }

  private static func sizes(_ first: Int, _ second: Int) -> String {
    guard first == second else { return "\(first) and \(second) runs" }
    return first == 1 ? "one run each" : "\(first) runs each"
  }

  private func niches(_ pair: Comparison.Pair) -> String? {
    guard !pair.niches.isEmpty, !pair.niches.allSatisfy({ $0.difference == 0 }) else { return nil }
    let isFirst = (pair.figure(.qdScore)?.difference ?? 0) >= 0
    let name = isFirst ? pair.first : pair.second
    let other = isFirst ? pair.second : pair.first
    let won = pair.count(isFirst ? .won : .lost)
    let lost = pair.count(isFirst ? .lost : .won)
    let only = pair.count(isFirst ? .onlyFirst : .onlySecond)
    let missing = pair.count(isFirst ? .onlySecond : .onlyFirst)
    let both = won + lost + pair.count(.tied)
    var sentence =
      both == 0
      ? "They share no niche: \(only) only \(name) has, \(missing) only \(other)"
      : "Of \(both) shared niches \(name) wins \(won), loses \(lost) and ties \(pair.count(.tied)); "
        + "\(only) only \(name) has, \(missing) only \(other)"
    let regions = NicheRegions(pair.niches, space: comparison.space)
    let mine = regions.region(of: isFirst ? [.won, .onlyFirst] : [.lost, .onlySecond])
    let theirs = regions.region(of: isFirst ? [.lost, .onlySecond] : [.won, .onlyFirst])
    if let mine { sentence += "; \(name)'s are mostly at \(mine)" }
    if let theirs { sentence += "; \(other)'s are mostly at \(theirs)" }
    return sentence + "."
  }

  private func budget(_ pair: Comparison.Pair) -> String? {
    guard let budget = comparison.budgets.first(where: { $0.kind == .evaluations && !$0.isWhole }),
      let left = budget.groups.first(where: { $0.name == pair.first })?.qdScore,
      let right = budget.groups.first(where: { $0.name == pair.second })?.qdScore,
      let difference = pair.figure(.qdScore)?.difference
    else { return nil }
    let scores =
      "Budgets differ: at \(Figures.short(budget.amount)) networks trained each it is "
      + "\(Figures.significant(max(left, right))) against \(Figures.significant(min(left, right)))"
    let leads = left >= right ? pair.first : pair.second
    if (left - right) * difference < 0 { return scores + " and \(leads) that leads, not as at the end." }
    let sentence = scores + (left == right ? "" : " for \(leads)")
    // What is left of the lead when both have spent as much.
    let winner = difference >= 0 ? pair.first : pair.second
    guard abs(left - right) < abs(difference) / 2, spent(winner) > 1.05 * budget.amount else {
      return sentence + "."
    }
    return sentence + ", so most of the difference at the end comes of \(winner)'s larger budget."
  }

  /// How many networks a group's runs trained on average.
  private func spent(_ name: String) -> Double {
    let spent = group(name)?.members.compactMap { $0.spent[SpendingKind.evaluations.rawValue] } ?? []
    return SampleFigures.mean(spent) ?? 0
  }

  // MARK: Several groups

  private var ranking: String {
    let ranked = comparison.groups.compactMap { group in
      group.figure(.qdScore)?.mean.map { (name: group.name, score: $0) }
    }.sorted { $0.score > $1.score }
    guard let best = ranked.first else { return "There is nothing to compare." }
    var proven: [String] = []
    var open: [String] = []
    for other in ranked.dropFirst() {
      let pair = comparison.pairs.first { Set([$0.first, $0.second]) == Set([best.name, other.name]) }
      let p = pair?.figure(.qdScore)?.correctedP
      if let p, p < 0.05 {
        proven.append("\(other.name) (\(Figures.significant(other.score)), p = \(Figures.probability(p)))")
      } else {
        open.append(
          "\(other.name) (\(Figures.significant(other.score))\(p.map { ", p = \(Figures.probability($0))" } ?? ""))"
        )
      }
    }
    var sentence = "\(best.name) has the highest QD score, \(Figures.significant(best.score))"
    if !proven.isEmpty { sentence += "; that is better than \(Self.list(proven))" }
    if !open.isEmpty {
      sentence += "; that it is better than \(Self.list(open)) may be chance"
    }
    return sentence + "."
  }

  private static func list(_ names: [String]) -> String {
    guard names.count > 1, let last = names.last else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}

/// Finds where along an axis niches of a kind lie.
struct NicheRegions {
  private let places: [(standing: NicheStanding, centroid: [Double])]
  private let space: any Archive<Int>

  init(_ niches: [NicheComparison], space: any Archive<Int>) {
    self.space = space
    let centroids = space.centroids()
    places = niches.compactMap { niche in
      centroids(niche.cell).map { (standing: niche.standing, centroid: $0) }
    }
  }

  /// The part of one axis that holds at least three quarters of those niches, and a clearly smaller part of all.
  func region(of standings: Set<NicheStanding>) -> String? {
    let wanted = places.filter { standings.contains($0.standing) }
    guard wanted.count >= 4 else { return nil }
    var best: (lift: Double, text: String)?
    for (axis, name) in space.axes.enumerated() where !name.isCategorical {
      for border in [0.25, 0.375, 0.5, 0.625, 0.75] {
        for isAbove in [true, false] {
          func share(_ list: [(standing: NicheStanding, centroid: [Double])]) -> Double {
            Double(list.count { ($0.centroid[axis] >= border) == isAbove }) / Double(list.count)
          }
          let (inside, all) = (share(wanted), share(places))
          guard inside >= 0.75, inside - all >= 0.2, inside - all > best?.lift ?? 0 else { continue }
          let value = Figures.short(space.axes[axis].denormalized(border))
          best = (inside - all, "\(name.name) \(isAbove ? "above" : "below") \(value)")
        }
      }
    }
    return best?.text
  }
}
