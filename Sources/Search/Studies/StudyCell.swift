import QualityDiversity
import RandomStreams
import SearchSpaces

/// One search of a study: an arm on a data set with a seed, as far as its figures need it.
public struct StudyCell: Codable, Sendable, Hashable {
  /// What decides it all: a hash of arm, data set, seed, budgets, archive and table.
  public var key: String
  /// The arm's name.
  public var arm: String
  /// The data set.
  public var data: String
  /// The seed.
  public var seed: Int
  /// The moments at which the best changed.
  public var steps: [Step]
  /// How things stood at each budget.
  public var marks: [Mark]

  /// A change of the best.
  public struct Step: Codable, Sendable, Hashable {
    /// What had been spent, in evaluations at the highest fidelity.
    public var spent: Double
    /// The highest validation accuracy so far.
    public var validation: Double
    /// The test accuracy of the architecture that has it.
    public var test: Double
    /// The highest test accuracy among all evaluated so far.
    public var bestTest: Double
    /// The place in the table of the architecture with the highest validation accuracy.
    public var place: Int
  }

  /// How things stood at a budget.
  public struct Mark: Codable, Sendable, Hashable {
    /// The budget.
    public var evaluations: Int
    /// Evaluations at the highest fidelity.
    public var full: Int
    /// Evaluations at any.
    public var evaluated: Int
    /// Proposals that were repetitions.
    public var repeated: Int
    /// Proposals that were no architecture.
    public var illegal: Int
    /// How many niches of the archive were occupied.
    public var elites: Int
    /// The sum of their validation accuracies.
    public var qdScore: Double
  }

  /// The last change of the best within a budget; nil where nothing was evaluated fully.
  public func best(within evaluations: Double) -> Step? { steps.last { $0.spent <= evaluations + 1e-9 } }

  /// How things stood at a budget.
  public func mark(_ evaluations: Int) -> Mark? { marks.first { $0.evaluations == evaluations } }
}

extension StudyTask {
  /// Runs one search to the last budget.
  ///
  /// The random streams are those of the seed by the data set and the arm's name.
  public func cell(
    _ arm: StudyArm, seed: Int, study: StudyConfiguration, archive: SpaceArchive, key: String
  ) throws(SearchError) -> StudyCell {
    var search = try search(arm, study: study, archive: archive)
    let strategy = try arm.makeStrategy(
      for: evaluator.space, fidelities: evaluator.fidelities, archive: archive,
      stream: stream(arm, seed: seed))
    Self.run(&search, strategy)
    return try cell(
      of: search, arm: arm.title, seed: seed, budgets: study.budgets, archive: archive, key: key)
  }

  func search(
    _ arm: StudyArm, study: StudyConfiguration, archive: SpaceArchive
  ) throws(SearchError) -> SpaceSearch<TabularEvaluator<Space>> {
    let settings = SpaceSearchSettings(
      evaluations: study.budgets.last ?? 1, deduplicate: arm.deduplicate, constraint: study.constraint)
    return try SpaceSearch(evaluator, settings: settings, archive: archive)
  }

  func stream(_ arm: StudyArm, seed: Int) -> RandomStream {
    RandomStream(seed: UInt64(bitPattern: Int64(seed))).stream(name).stream(arm.title)
  }

  private static func run(
    _ search: inout SpaceSearch<TabularEvaluator<Space>>, _ strategy: some SpaceStrategy<Space>
  ) {
    var strategy = strategy
    search.run(&strategy)
  }

  /// The figures of a search that is over.
  func cell(
    of search: SpaceSearch<TabularEvaluator<Space>>, arm: String, seed: Int, budgets: [Int],
    archive: SpaceArchive, key: String
  ) throws(SearchError) -> StudyCell {
    var cell = StudyCell(key: key, arm: arm, data: name, seed: seed, steps: [], marks: [])
    var elites = try archive.make()
    var mark = StudyCell.Mark(
      evaluations: 0, full: 0, evaluated: 0, repeated: 0, illegal: 0, elites: 0, qdScore: 0)
    var rest = budgets[...]
    var spent = 0
    func finish(_ budget: Int) {
      let statistics = elites.statistics()
      (mark.evaluations, mark.elites, mark.qdScore) = (budget, statistics.elites, statistics.qdScore)
      cell.marks.append(mark)
    }
    for result in search.results {
      let cost = result.isPaid ? evaluator.fidelities[result.fidelity].cost : 0
      while let budget = rest.first, spent + cost > budget * search.unit {
        finish(budget)
        rest = rest.dropFirst()
      }
      spent += cost
      switch result.verdict {
      case .evaluated, .failed: mark.evaluated += 1
      case .repeated: mark.repeated += 1
      case .illegal: mark.illegal += 1
      }
      guard result.isPaid, result.isFull, let genotype = result.genotype,
        let place = evaluator.place(of: genotype),
        let fitness = result.fitness
      else { continue }
      mark.full += 1
      if let measures = result.measures { elites.add(place, objective: fitness, measures: measures) }
      guard result.isFeasible else { continue }
      let last = cell.steps.last
      let isBetter = last.map { fitness > $0.validation } ?? true
      let bestTest = max(last?.bestTest ?? -1, test[place])
      guard isBetter || bestTest > last?.bestTest ?? -1 else { continue }
      let best = isBetter ? place : last?.place ?? place
      cell.steps.append(
        StudyCell.Step(
          spent: Double(spent) / Double(search.unit), validation: validation[best], test: test[best],
          bestTest: bestTest, place: best))
    }
    for budget in rest { finish(budget) }
    return cell
  }
}
