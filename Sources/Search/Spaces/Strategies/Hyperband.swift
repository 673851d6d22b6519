import Foundation
public import RandomStreams
public import SearchSpaces

/// Successive halving, Hyperband and BOHB: many architectures are evaluated cheaply, and the best of them again at the
/// next fidelity.
///
/// Jamieson & Talwalkar 2016; Li et al. 2018, "Hyperband"; Falkner, Klein & Hutter 2018, "BOHB". From one fidelity to
/// a k times as costly one the best 1 in `factor` to the power of ⌊log k⌋ (to that base) go on, so that each rung
/// costs about as much. Hyperband's brackets begin at each fidelity in turn, the cheapest first; successive halving
/// has the first of them only.
public struct Hyperband<Space: ChoiceSpace>: SpaceStrategy {
  /// What may be chosen.
  public struct Settings: Sendable, Hashable {
    /// One in how many goes on, for each time that the cost is multiplied by as much.
    public var factor = 3
    /// Whether brackets begin at each fidelity in turn; else all begin at the lowest.
    public var hasAllBrackets = true
    /// How new architectures are drawn where they are not drawn uniformly (BOHB).
    public var model: DensityModel<Space>.Settings?

    /// Hyperband by threes.
    public init(factor: Int = 3, hasAllBrackets: Bool = true, model: DensityModel<Space>.Settings? = nil) {
      self.factor = max(2, factor)
      self.hasAllBrackets = hasAllBrackets
      self.model = model
    }
  }

  private struct Entrant {
    var number: Int
    var genotype: Space.Genotype
    var fitness: Double
  }

  private let space: Space
  private let settings: Settings
  private let draws: NumberedStreams
  /// From each fidelity up to the highest: so many times the cost is multiplied by the factor.
  private let steps: [Int]
  private var told = 0
  private var repetitions = 0
  private var bracket = 0
  private var rung: Int
  /// What goes on to this rung; at a bracket's first one nothing.
  private var promoted: [Entrant] = []
  private var entrants: [Entrant] = []
  /// How many of this rung are done, failed ones among them.
  private var done = 0
  private var model: DensityModel<Space>?

  /// A search of a space by a stream of its own.
  ///
  /// - Parameter fidelities: those of the evaluator.
  public init(
    space: Space, fidelities: [SpaceFidelity], settings: Settings = Settings(), stream: RandomStream
  ) {
    self.space = space
    self.settings = settings
    draws = NumberedStreams(stream)
    let most = fidelities.last?.cost ?? 1
    steps = fidelities.map { fidelity in
      var (step, cost) = (0, fidelity.cost)
      while cost <= most / settings.factor {
        cost *= settings.factor
        step += 1
      }
      return step
    }
    rung = 0
    model = settings.model.map {
      DensityModel(space: space, settings: $0, fidelities: max(1, fidelities.count))
    }
  }

  /// How many architectures a bracket that begins at a fidelity has (Hyperband, Algorithm 1).
  public func size(ofBracketAt fidelity: Int) -> Int {
    let (most, own) = (steps.first ?? 0, steps[fidelity])
    let size = (Double(most + 1) / Double(own + 1) * Double(power(own))).rounded(.up)
    return max(1, Int(exactly: size) ?? 1)
  }

  private func power(_ exponent: Int) -> Int {
    (0..<exponent).reduce(1) { power, _ in power.multipliedReportingOverflow(by: settings.factor).partialValue
    }
  }

  private var firstRung: Int { settings.hasAllBrackets ? bracket % steps.count : 0 }
  private var rungSize: Int { rung == firstRung ? size(ofBracketAt: firstRung) : promoted.count }

  /// The next of this rung: new architectures in a bracket's first one, else those that go on.
  public func ask(_ count: Int) -> [SpaceProposal<Space.Genotype>] {
    let asked = min(max(1, count), rungSize - done)
    guard rung == firstRung else {
      return promoted[done..<(done + asked)].map {
        SpaceProposal($0.genotype, step: .promotion, parents: [$0.number], fidelity: rung)
      }
    }
    return (0..<asked).map { place in
      var stream = draws[told + place]
      if repetitions < retryLimit, let genotype = model?.sample(using: &stream) {
        return SpaceProposal(genotype, step: .sample, fidelity: rung)
      }
      return SpaceProposal(space.random(using: &stream), step: .random, fidelity: rung)
    }
  }

  /// Takes results in, and goes to the next rung or bracket when one is complete.
  public mutating func tell(_ results: [SpaceResult<Space.Genotype>]) {
    for result in results {
      told += 1
      // New ones are to be new; what goes on may be known at the next fidelity, too.
      if !result.isPaid, rung == firstRung {
        repetitions += 1
        continue
      }
      repetitions = 0
      done += 1
      if let genotype = result.genotype, let fitness = result.fitness {
        entrants.append(Entrant(number: result.number, genotype: genotype, fitness: fitness))
        if result.isPaid { model?.add(genotype, fitness: fitness, fidelity: result.fidelity) }
      }
      if done == rungSize { finishRung() }
    }
  }

  private mutating func finishRung() {
    let ranked = entrants.sorted { ($1.fitness, $0.number) < ($0.fitness, $1.number) }
    entrants = []
    done = 0
    if rung + 1 < steps.count {
      let share = power(steps[rung] - steps[rung + 1])
      promoted = Array(ranked.prefix(max(1, ranked.count / share)))
      rung += 1
      if !promoted.isEmpty { return }
    }
    promoted = []
    bracket += 1
    rung = firstRung
  }
}
