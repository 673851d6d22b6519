import Foundation
import Search

/// What searching costs; curves are drawn over each.
public enum SpendingKind: String, Codable, Sendable, CaseIterable {
  /// Networks trained.
  case evaluations
  /// Images trained on, all networks together.
  case images
  /// Seconds of training, all networks together.
  case seconds
  /// Tokens sent to language models and received.
  case tokens

  /// What is counted, in words.
  var title: String {
    switch self {
    case .evaluations: "networks trained"
    case .images: "images trained on"
    case .seconds: "measured seconds of training"
    case .tokens: "tokens"
    }
  }
}

/// What grows with spending.
public enum GrowingFigure: String, Codable, Sendable, CaseIterable {
  case qdScore = "qd_score"
  case coverage
  case best
}

/// How an archive grew with what was spent: a point for each candidate, as columns.
struct SpendingHistory: Sendable {
  /// How many cells there are.
  let cells: Int
  /// What had been spent of each kind after each point.
  private var spent: [[Double]] = SpendingKind.allCases.map { _ in [] }
  private var qdScore: [Double] = []
  private var elites: [Int] = []
  private var best: [Double] = []

  init(cells: Int) { self.cells = cells }

  /// Counts a candidate: what it cost, and what the archive gained by it.
  mutating func add(
    _ training: CandidateSummary.Evaluation?, tokens: Double, gain: (isNew: Bool, amount: Double)?,
    fitness: Double?
  ) {
    let costs = [
      training == nil ? 0 : 1, Double(training?.imagesSeen ?? 0), training?.seconds ?? 0, tokens,
    ]
    for (kind, cost) in costs.enumerated() { spent[kind].append((spent[kind].last ?? 0) + cost) }
    qdScore.append((qdScore.last ?? 0) + (gain?.amount ?? 0))
    elites.append((elites.last ?? 0) + (gain?.isNew == true ? 1 : 0))
    let before = best.last ?? 0
    // Before the first elite there is no best, whatever the sign of fitness.
    best.append(fitness.map { elites.last == 1 ? $0 : max(before, $0) } ?? before)
  }

  /// All that was spent of a kind.
  func total(_ kind: SpendingKind) -> Double { spent[kind.place].last ?? 0 }

  /// A figure when no more than so much had been spent; 0 before anything was found.
  func value(_ figure: GrowingFigure, at amount: Double, of kind: SpendingKind) -> Double {
    let costs = spent[kind.place]
    var (lower, upper) = (0, costs.count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if costs[middle] <= amount { lower = middle + 1 } else { upper = middle }
    }
    return lower == 0 ? 0 : value(figure, after: lower - 1)
  }

  /// The mean of a figure from nothing spent up to so much: the area under its curve, divided by the amount.
  func average(_ figure: GrowingFigure, upTo amount: Double, of kind: SpendingKind) -> Double {
    guard amount > 0 else { return 0 }
    let costs = spent[kind.place]
    var area = 0.0
    for point in costs.indices where costs[point] < amount {
      let end = point + 1 < costs.count ? min(amount, costs[point + 1]) : amount
      area += value(figure, after: point) * (end - costs[point])
    }
    return area / amount
  }

  private func value(_ figure: GrowingFigure, after point: Int) -> Double {
    switch figure {
    case .qdScore: qdScore[point]
    case .coverage: Double(elites[point]) / Double(max(1, cells))
    case .best: best[point]
    }
  }
}

extension SpendingKind {
  fileprivate var place: Int {
    switch self {
    case .evaluations: 0
    case .images: 1
    case .seconds: 2
    case .tokens: 3
    }
  }
}
