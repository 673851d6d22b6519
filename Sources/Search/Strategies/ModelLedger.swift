import Foundation
public import RandomStreams

/// What the networks of several models were worth and what they cost, and which model is to write next.
///
/// A model's index is (mean value + exploration · √(ln N / n)) / mean cost after n of N proposals: fractional KUBE
/// (Tran-Thanh, Chapman, Rogers & Jennings 2012, arXiv 1204.1909) with the mean costs so far in the place of known
/// ones. The highest is chosen, of equals any; a model that was never asked comes first. A proposal whose outcome is
/// not known yet counts in n and N alone.
///
/// Costs are of candidates, repairs and prompts included. A candidate that no reply came for says nothing of its
/// model's cost; a model of which nothing else is known counts as the dearest. None counts as cheaper than a hundredth
/// of the dearest, or one that costs nothing would be asked for ever, whatever it writes.
public struct ModelLedger: Sendable, Hashable {
  /// What is known of one model.
  public struct Entry: Sendable, Hashable {
    /// The candidates that it was to write and that are finished.
    public var pulls = 0
    /// The sum of their values.
    public var value = 0.0
    /// The sum of their costs.
    public var cost = 0.0
    /// The candidates whose cost is known.
    public var priced = 0

    /// An entry of which nothing is known.
    public init() {}

    /// The mean value; nil where it was never asked.
    public var meanValue: Double? { pulls > 0 ? value / Double(pulls) : nil }

    /// The mean cost; nil where none is known.
    public var meanCost: Double? { priced > 0 ? cost / Double(priced) : nil }

    /// The value for a unit of cost; nil where either is unknown or nothing was paid.
    public var valuePerCost: Double? {
      guard let meanValue, let meanCost, meanCost > 0 else { return nil }
      return meanValue / meanCost
    }
  }

  /// The models, in the order of the configuration.
  public private(set) var entries: [Entry]
  /// What counts as worth something.
  public let worth: ModelSettings.BanditValue
  private let exploration: Double
  private var underWay: [Int]

  /// A ledger of so many models, of which nothing is known.
  public init(models: Int, worth: ModelSettings.BanditValue, exploration: Double) {
    entries = [Entry](repeating: Entry(), count: max(1, models))
    underWay = [Int](repeating: 0, count: entries.count)
    self.worth = worth
    self.exploration = exploration
  }

  /// The model with the highest index, of equals any with the same probability.
  public func choose(using draw: inout RandomStream) -> Int {
    let indices = entries.indices.map(index)
    let highest = indices.max() ?? 0
    return draw.element(of: entries.indices.filter { indices[$0] == highest }) ?? 0
  }

  /// What a model is chosen by: infinite where it was never asked.
  public func index(of model: Int) -> Double {
    let asked = Double(entries[model].pulls + underWay[model])
    guard asked > 0 else { return .infinity }
    let all = Double(entries.reduce(0) { $0 + $1.pulls } + underWay.reduce(0, +))
    let confidence = exploration * (log(max(1, all)) / asked).squareRoot()
    return ((entries[model].meanValue ?? 0) + confidence) / relativeCost(of: model)
  }

  /// The mean cost against the dearest model's.
  private func relativeCost(of model: Int) -> Double {
    let dearest = entries.compactMap(\.meanCost).max() ?? 0
    guard dearest > 0, let own = entries[model].meanCost else { return 1 }
    return max(0.01, own / dearest)
  }

  /// Counts a proposal whose outcome is not known yet.
  public mutating func ask(_ model: Int) { underWay[model] += 1 }

  /// Takes in what became of a candidate.
  ///
  /// - Parameters:
  ///   - use: which model was to write it, and what that cost; one that is none is ignored.
  ///   - isElite: whether it held a niche when its generation was over.
  ///   - isNew: whether it could be trained and is no repetition.
  public mutating func learn(_ use: ModelUse, isElite: Bool, isNew: Bool) {
    guard entries.indices.contains(use.model) else { return }
    entries[use.model].pulls += 1
    let isWorthIt =
      switch worth {
      case .improvement: isElite
      case .trainable: isNew
      }
    if isWorthIt { entries[use.model].value += 1 }
    if let cost = use.cost, cost.isFinite, cost >= 0 {
      entries[use.model].cost += cost
      entries[use.model].priced += 1
    }
  }
}
