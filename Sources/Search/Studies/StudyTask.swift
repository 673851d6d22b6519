public import QualityDiversity
public import Scoring
public import SearchSpaces

/// A data set of a study: all architectures of a space with what they reach.
public struct StudyTask<Space: ChoiceSpace>: Sendable {
  /// The data set.
  public let name: String
  /// Validation accuracy as a share at each fidelity, and the figures of all architectures.
  public let evaluator: TabularEvaluator<Space>
  /// Validation accuracy at the highest fidelity, by place in the evaluator's table.
  public let validation: [Double]
  /// Test accuracy there, which no search sees.
  public let test: [Double]
  /// The ranks from 1 of all architectures by validation accuracy; equal ones share the best.
  public let validationRanks: [Int]
  /// The ranks by test accuracy.
  public let testRanks: [Int]
  /// Places of architectures that fulfil the constraint.
  let feasible: [Bool]

  /// A data set.
  ///
  /// - Throws: where the columns do not fit, or nothing fulfils the constraint.
  public init(
    name: String, evaluator: TabularEvaluator<Space>, validation: [Double], test: [Double],
    constraint: String = ""
  ) throws(SearchError) {
    guard validation.count == evaluator.genotypes.count, test.count == validation.count,
      validation.allSatisfy(\.isFinite), test.allSatisfy(\.isFinite)
    else {
      throw SearchError("The table has not both accuracies of every architecture on \(name).")
    }
    self.name = name
    self.evaluator = evaluator
    self.validation = validation
    self.test = test
    validationRanks = Self.ranks(validation)
    testRanks = Self.ranks(test)
    if constraint.isEmpty {
      feasible = validation.map { _ in true }
    } else {
      let rule = try SpaceConstraint(constraint, figureNames: evaluator.space.figureNames)
      feasible = validation.indices.map { rule.holds(evaluator.figures(at: $0)) }
    }
    guard feasible.contains(true) else { throw SearchError("No architecture fulfils '\(constraint)'.") }
  }

  private static func ranks(_ values: [Double]) -> [Int] {
    let order = values.indices.sorted { values[$0] > values[$1] }
    var ranks = [Int](repeating: 0, count: values.count)
    for (place, index) in order.enumerated() {
      let isTied = place > 0 && values[order[place - 1]] == values[index]
      ranks[index] = isTied ? ranks[order[place - 1]] : place + 1
    }
    return ranks
  }

  /// What the best that fulfils the constraint reaches, and what is to be had with it.
  public var optimum: StudyOptimum {
    let places = validation.indices.filter { feasible[$0] }
    let best = places.max { validation[$0] < validation[$1] } ?? 0
    return StudyOptimum(
      data: name, validation: validation[best], testAtBestValidation: test[best],
      bestTest: places.map { test[$0] }.max() ?? test[best])
  }

  /// How an archive looks that holds the best of every niche that can be reached at all.
  public func fullArchive(_ archive: SpaceArchive) throws(SearchError) -> ArchiveStatistics {
    var full = try archive.make()
    for place in validation.indices {
      guard let measures = archive.measures(of: evaluator.figures(at: place)) else { continue }
      full.add(place, objective: validation[place], measures: measures)
    }
    return full.statistics()
  }
}

/// The best there is on a data set.
public struct StudyOptimum: Codable, Sendable, Hashable {
  /// The data set.
  public var data: String
  /// The highest validation accuracy.
  public var validation: Double
  /// The test accuracy of the architecture that has it.
  public var testAtBestValidation: Double
  /// The highest test accuracy.
  public var bestTest: Double
}

extension StudyTask where Space == NASBench201Space {
  /// The data sets of NAS-Bench-201 that a study names.
  ///
  /// Searches see validation accuracy, after 12 epochs at the low fidelity and after 200 at the high one.
  ///
  /// - Throws: where there is no such data set, or the table is missing or has not all that is needed.
  public static func nasBench201(
    _ study: StudyConfiguration, table: BenchmarkTable
  ) throws(SearchError) -> [StudyTask] {
    var tasks: [StudyTask] = []
    for name in study.data {
      guard let task = NASBench201Task.all.first(where: { $0.name == name }) else {
        let known = NASBench201Task.all.map(\.name)
        let hint = Spelling.closest(to: name, among: known).map { "; did you mean '\($0)'?" }
        throw SearchError(
          "nas-bench-201 has no data set '\(name)'\(hint ?? "; it has \(known.joined(separator: ", ")).")")
      }
      let space = NASBench201Space(task: task)
      func shares(
        _ quantity: BenchmarkColumn.Quantity, _ epochs: Int, _ family: String
      ) throws(SearchError) -> [Double] {
        do {
          let column = try table.column(task: name, quantity, epochs: epochs, family: family)
          return try table.values(of: column).map { $0 / 100 }
        } catch {
          throw SearchError("\(error)")
        }
      }
      let validation = try shares(.validationAccuracy, 200, study.family.rawValue)
      let cheap = try shares(.validationAccuracy, 12, BenchmarkColumn.lowFidelity)
      tasks.append(
        try StudyTask(
          name: name,
          evaluator: TabularEvaluator(
            space: space, genotypes: space.all,
            columns: [
              .init(SpaceFidelity(name: "12 epochs", cost: 12), fitness: cheap),
              .init(SpaceFidelity(name: "200 epochs", cost: 200), fitness: validation),
            ]),
          validation: validation, test: try shares(.testAccuracy, 200, study.family.rawValue),
          constraint: study.constraint))
    }
    return tasks
  }
}
