import QualityDiversity
import RandomStreams

/// Chooses the networks to work from, and learns what came of them.
struct ParentChooser: Sendable {
  private enum Rule: Sendable {
    case selection(EliteSelection)
    /// Any of so many best elites.
    case top(Int)
    /// The niches that offspring came from.
    case bandit(Bandit<Int>)
  }

  private var rule: Rule
  private var curiosity = CuriosityTable()

  init(_ settings: SearchSettings, cellCount: Int) throws(SearchError) {
    do {
      rule =
        switch settings.parents {
        case .uniform: .selection(.uniform)
        case .best: .selection(.best)
        case .top: .top(settings.topCount)
        case .tournament: .selection(.tournament(size: settings.tournamentSize))
        case .rank: .selection(.rank(exponent: 1))
        case .novelty: .selection(.noveltyProportional(neighbours: 5))
        case .curiosity: .selection(.curiosityProportional(floor: 0.1))
        case .bandit:
          .bandit(
            try Bandit(
              arms: Array(0..<cellCount), rule: .upperConfidenceBound(exploration: settings.exploration)))
        }
      if case .selection(let selection) = rule { try selection.validate() }
    } catch {
      throw SearchError("'search.parents': \(error).")
    }
  }

  /// A parent; nil where the archive is empty.
  ///
  /// Where niches have Pareto fronts, the rule chooses a niche by the fittest of its front, and any member of the front
  /// is the parent (MOME; Pierrot et al. 2022). A niche that a bandit chose counts as a failure until more is known, so
  /// that a generation does not put all on one.
  mutating func parent(in archive: some Archive<Int>, using draw: inout RandomStream) -> Elite<Int>? {
    switch rule {
    case .selection(.uniform): archive.sample(using: &draw)
    default: elite(in: archive, using: &draw).map { Self.member(of: $0, in: archive, using: &draw) }
    }
  }

  /// Any member of the front that an elite is the fittest of; the elite itself, without a draw, where it is alone.
  static func member(
    of elite: Elite<Int>, in archive: some Archive<Int>, using draw: inout RandomStream
  ) -> Elite<Int> {
    let front = archive.front(of: elite.cell)
    return front.count > 1 ? draw.element(of: front) ?? elite : elite
  }

  private mutating func elite(in archive: some Archive<Int>, using draw: inout RandomStream) -> Elite<Int>? {
    switch rule {
    case .selection(let selection):
      // The rule was checked when it was made.
      return (try? selection.select(from: archive, curiosity: curiosity, using: &draw)) ?? nil
    case .top(let count):
      let best = archive.elites.sorted { ($1.objective, $0.cell) < ($0.objective, $1.cell) }.prefix(count)
      return draw.element(of: Array(best))
    case .bandit(var bandit):
      guard let niche = bandit.choose(among: archive.elites.map(\.cell), using: &draw) else { return nil }
      bandit.reward(niche, by: 0)
      rule = .bandit(bandit)
      return archive.elite(at: niche)
    }
  }

  /// Takes in whether what came of a niche entered the archive.
  ///
  /// Curiosity goes by Cully & Demiris 2018: + 1 for an offspring that entered, − 0.5 for another.
  mutating func learn(from niche: Int, entered: Bool) {
    curiosity.reward(niche, by: entered ? 1 : -0.5)
    guard case .bandit(var bandit) = rule else { return }
    bandit.reward(niche, by: entered ? 1 : 0)
    rule = .bandit(bandit)
  }
}
