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
      tasks.append(
        try nasBench201(name, family: study.family, epochs: 200, constraint: study.constraint, table: table))
    }
    return tasks
  }

  /// A data set of NAS-Bench-201.
  ///
  /// - Parameter epochs: after how many epochs the accuracies are those that a search is for: 200, with 12 as the low
  ///   fidelity, or 12 alone.
  /// - Throws: where there is no such data set, or the table has not all that is needed.
  public static func nasBench201(
    _ name: String, family: StudyConfiguration.Family, epochs: Int, constraint: String, table: BenchmarkTable
  ) throws(SearchError) -> StudyTask {
    guard let task = NASBench201Task.all.first(where: { $0.name == name }) else {
      let known = NASBench201Task.all.map(\.name)
      let hint = Spelling.closest(to: name, among: known).map { "; did you mean '\($0)'?" }
      throw SearchError(
        "nas-bench-201 has no data set '\(name)'\(hint ?? "; it has \(known.joined(separator: ", ")).")")
    }
    let space = NASBench201Space(task: task)
    func shares(_ quantity: BenchmarkColumn.Quantity, _ epochs: Int) throws(SearchError) -> [Double] {
      do {
        let column = try table.column(
          task: name, quantity, epochs: epochs,
          family: epochs == 200 ? family.rawValue : BenchmarkColumn.lowFidelity)
        return try table.values(of: column).map { $0 / 100 }
      } catch {
        throw SearchError("\(error)")
      }
    }
    /// What not every table has, in the unit of its figure.
    func measured(_ quantity: BenchmarkColumn.Quantity, _ epochs: Int?, _ scale: Double) -> [Double]? {
      guard let column = try? table.column(task: name, quantity, epochs: epochs),
        let values = try? table.values(of: column)
      else { return nil }
      return values.map { $0 * scale }
    }
    var columns: [TabularEvaluator<Space>.Column] = []
    for cost in [12, 200] where cost <= epochs {
      columns.append(
        .init(
          SpaceFidelity(name: "\(cost) epochs", cost: cost),
          fitness: try shares(.validationAccuracy, cost)))
    }
    var figures: [String: [Double]] = [:]
    figures[SpaceScore.latency] = measured(.latency, nil, 1000)
    figures[SpaceScore.trainingSeconds] = measured(.trainingTime, 200, Double(epochs) / 200)
    return try StudyTask(
      name: name,
      evaluator: TabularEvaluator(
        space: space, genotypes: space.all, columns: columns, measured: figures),
      validation: try shares(.validationAccuracy, epochs), test: try shares(.testAccuracy, epochs),
      constraint: constraint)
  }
}

extension NASBench201Task {
  /// How many images the benchmark trained on in an epoch before it measured validation accuracy.
  public var trainingImages: Int {
    switch self {
    // Half of CIFAR-10's training images are the validation set; the others validate on half of their test sets.
    case .cifar10: 25_000
    case .cifar100: 50_000
    case .imageNet16: 151_700
    default: 0
    }
  }

  /// How many images the benchmark measured validation accuracy on.
  public var validationImages: Int {
    switch self {
    case .cifar10: 25_000
    case .cifar100: 5_000
    case .imageNet16: 3_000
    default: 0
    }
  }
}
