import QualityDiversity
import RunStore
import Search

/// A run or saved archive on common axes: its elites, how it came to them, and what it cost.
struct BinnedRun: Sendable {
  /// What it is called.
  var name: String
  /// The seed; nil where it is not known.
  var seed: Int?
  /// The best of each cell.
  var archive: any Archive<Int>
  /// Elites' cells, candidates and fitness, by cell.
  var elites: [ArchiveCell]
  /// Coverage, QD score and so on.
  var statistics: ArchiveStatistics
  /// What can be said of its Pareto fronts; nil where what is compared has no common objectives beside fitness.
  var fronts: ParetoStatistics?
  /// How coverage, QD score and best grew with what was spent; nil of a saved archive.
  var history: SpendingHistory?
  /// Candidates proposed; of a saved archive its elites.
  var candidates: Int
  /// Networks trained.
  var trained = 0
  /// Evaluated candidates beyond the range of each axis, which were clamped onto it.
  var clamped: [Int]
  /// Evaluated candidates that have no place on these axes.
  var unplaced = 0
  /// How many images fitness was measured on; nil where that is not known.
  var validationImages: Int?

  /// A run or saved archive, its candidates added to a copy of an empty archive.
  ///
  /// - Throws: where a saved archive lacks measures of the frame's axes, or no candidate of a run has one.
  init(
    _ source: ComparisonSource, in frame: ComparisonFrame, empty: any Archive<Int>,
    fronts: (archive: any Archive<Int>, settings: ArchiveSettings)? = nil, offset: Double
  ) throws(SearchError) {
    name = source.name
    seed = source.seed
    validationImages = source.validationImages
    archive = empty
    candidates = 0
    switch source {
    case .run(let run):
      var history = SpendingHistory(cells: empty.cellCount)
      let tokens = try run.tokens()
      // Both are in the order of the candidates' numbers.
      let placed = try run.measures(on: frame.configuration)
      if placed.isEmpty { try run.checkMeasured(on: frame.configuration) }
      var next = 0
      var front = fronts?.archive
      let rescored = Dictionary(grouping: run.scores, by: \.generation)
      var generation = 1
      /// Counts what contested networks took that were trained again in a generation.
      func countScores(of generation: Int) {
        for score in rescored[generation] ?? [] {
          history.add(
            .init(imagesSeen: score.imagesSeen, seconds: score.seconds), tokens: 0, gain: nil, fitness: nil)
        }
      }
      for candidate in run.finished {
        if candidate.generation != generation { countScores(of: generation) }
        generation = candidate.generation
        candidates += 1
        var trained: CandidateSummary.Evaluation?
        if candidate.verdict.status != .duplicate, let evaluation = candidate.evaluation {
          trained = evaluation
        }
        if trained != nil { self.trained += 1 }
        var gain: (isNew: Bool, amount: Double)?
        if candidate.isOffered, let fitness = run.meanFitness(of: candidate) {
          let hasMeasures = next < placed.count && placed[next].candidate.id == candidate.id
          let outcome = archive.add(
            candidate.id, objective: fitness, measures: hasMeasures ? placed[next].measures : [])
          if let settings = fronts?.settings, hasMeasures {
            front?.add(
              candidate.id,
              objectives: settings.standings(fitness: fitness, objectives: candidate.objectives),
              measures: placed[next].measures)
          }
          if hasMeasures { next += 1 }
          switch outcome.status {
          case .new: gain = (true, fitness - offset)
          case .improved: gain = (false, outcome.improvement ?? 0)
          case .rejected: if outcome.cell == nil { unplaced += 1 }
          }
        }
        history.add(
          trained, tokens: tokens[candidate.id] ?? 0, gain: gain,
          fitness: gain == nil ? nil : run.meanFitness(of: candidate))
      }
      countScores(of: generation)
      trained += run.scores.count { $0.generation <= run.generations.count }
      self.history = history
      self.fronts = front?.frontStatistics
    case .archive(let saved):
      let columns = try saved.columns(on: frame)
      candidates = saved.rows.count
      for (place, row) in saved.rows.enumerated() {
        let outcome = archive.add(
          row.candidate ?? place, objective: row.objective, measures: columns.map { $0.measure(row) })
        if outcome.cell == nil { unplaced += 1 }
      }
    }
    elites = archive.elites.map { ArchiveCell(cell: $0.cell, candidate: $0.solution, fitness: $0.objective) }
    statistics = archive.statistics(offset: offset)
    clamped = archive.clampCounts
  }
}

extension RunSnapshot {
  /// Checks that for each axis there is a candidate that it can be said of.
  ///
  /// - Throws: where the run did not measure a figure, or a formula gives no finite number for any candidate.
  func checkMeasured(on configuration: RunConfiguration) throws(SearchError) {
    let offered = finished.filter(\.isOffered)
    guard !offered.isEmpty else { return }
    let name = header.name
    let choice = "choose axes that all runs have the figures of, by --axes or --like."
    let descriptors = try configuration.makeDescriptors()
    let known = try figures(named: descriptors)
    func figure(_ name: String, of candidate: CandidateSummary) -> Double? {
      candidate.figure(named: name) ?? known[candidate.id]?[name]
    }
    let missing = descriptors.reduce(into: Set()) { $0.formUnion($1.figureNames) }.filter { name in
      offered.allSatisfy { figure(name, of: $0) == nil }
    }
    guard missing.isEmpty else {
      throw SearchError("'\(name)' did not measure \(missing.sorted().joined(separator: ", ")); \(choice)")
    }
    for descriptor in descriptors {
      let isDefined = offered.contains { candidate in
        descriptor.value { figure($0, of: candidate) }?.isFinite ?? false
      }
      guard isDefined else {
        throw SearchError(
          "'\(descriptor.name)' is no finite number for any candidate of '\(name)'; \(choice)")
      }
    }
  }

  /// The tokens that were sent and received for each candidate, by its number.
  ///
  /// - Throws: where the run's file cannot be read.
  fileprivate func tokens() throws(SearchError) -> [Int: Double] {
    do {
      return try store.exchangeFigures().reduce(into: [:]) {
        $0[$1.candidate, default: 0] += Double($1.tokens)
      }
    } catch {
      throw SearchError(error.description)
    }
  }
}

extension SavedArchive {
  /// A column of measures on an axis.
  fileprivate struct PlacedColumn {
    let column: Int
    /// The numbers of the column's categories among those of the axis; nil where it holds numbers.
    let categories: [Double]?

    func measure(_ row: Row) -> Double {
      let value = row.measures[column]
      return categories.map { $0[Int(value)] } ?? value
    }
  }

  /// Whether the measures have numbers in the place of names, as in tables of pyribs.
  private var isNumbered: Bool {
    axes.indices.allSatisfy { axes[$0].name == "measures_\($0)" || axes[$0].name == "measure_\($0)" }
  }

  /// Whether the measures are taken in the order of axes of those names, having none themselves.
  func isPlacedByOrder(on names: [String]) -> Bool {
    isNumbered && !names.allSatisfy { name in axes.contains { $0.name == name } }
  }

  /// The columns of measures on axes of those names; without names they are taken in the order of the axes.
  ///
  /// - Throws: where one is missing.
  func columns(named names: [String]) throws(SearchError) -> [Int] {
    if isPlacedByOrder(on: names) {
      guard axes.count == names.count else {
        throw SearchError(
          "'\(name)' has \(axes.count) measures without names, but there are \(names.count) axes "
            + "(\(names.joined(separator: ", "))); a saved archive can only be placed by the measures it holds."
        )
      }
      return Array(names.indices)
    }
    var columns: [Int] = []
    for wanted in names {
      guard let column = axes.firstIndex(where: { $0.name == wanted }) else {
        throw SearchError(
          "'\(name)' holds \(axes.map(\.name).joined(separator: ", ")) and not '\(wanted)'; a saved archive can only "
            + "be placed by the measures it holds: compare the run itself, or choose other axes by --axes or --like."
        )
      }
      columns.append(column)
    }
    return columns
  }

  /// The columns of measures on the axes of a frame.
  ///
  /// - Throws: where one is missing or measures something else, or a category is none of the axis.
  fileprivate func columns(on frame: ComparisonFrame) throws(SearchError) -> [PlacedColumn] {
    var columns: [PlacedColumn] = []
    for (column, wanted) in zip(try self.columns(named: frame.names), frame.configuration.descriptors) {
      let axis = axes[column]
      if let own = configuration?.descriptors.first(where: { $0.name == axis.name }),
        own.measured != wanted.measured
      {
        throw SearchError(
          "'\(name)' means \(own.measured) by '\(wanted.name)', but the axis is \(wanted.measured); choose others by "
            + "--axes or --like.")
      }
      guard let categories = axis.categories else {
        columns.append(PlacedColumn(column: column, categories: nil))
        continue
      }
      guard !wanted.categories.isEmpty else {
        throw SearchError(
          "'\(name)' has categories in '\(axis.name)' (\(Self.listed(categories))), but the axis '\(wanted.name)' is one of "
            + "numbers; give its name without a range by --axes, or choose other axes.")
      }
      var places: [Double] = []
      for category in categories {
        guard let place = wanted.categories.firstIndex(of: category) else {
          throw SearchError(
            "'\(name)' has the category '\(category)' in '\(axis.name)', which the axis '\(wanted.name)' lacks; it has "
              + "\(Self.listed(wanted.categories)).")
        }
        places.append(Double(place))
      }
      columns.append(PlacedColumn(column: column, categories: places))
    }
    return columns
  }
}
