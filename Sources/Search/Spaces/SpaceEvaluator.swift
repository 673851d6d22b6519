public import SearchSpaces

/// What evaluates architectures of a space at once, as from a table.
public protocol SpaceEvaluator<Space>: Sendable {
  /// The space.
  associatedtype Space: SearchSpace

  /// The space.
  var space: Space { get }

  /// How thoroughly an architecture may be evaluated, in ascending order of cost; at least one. The last is what the
  /// search is for, and what one evaluation of a budget is.
  var fidelities: [SpaceFidelity] { get }

  /// What an evaluation gives.
  ///
  /// - Parameter fidelity: one of `fidelities` by its index.
  func score(of genotype: Space.Genotype, fidelity: Int) -> SpaceScore
}

/// How thoroughly an architecture is evaluated.
public struct SpaceFidelity: Sendable, Hashable, Codable {
  /// What it is called, such as `12 epochs`.
  public var name: String
  /// What it costs, in any unit that the fidelities of an evaluator share, such as epochs.
  public var cost: Int

  /// A fidelity, which costs at least one unit.
  public init(name: String, cost: Int) {
    self.name = name
    self.cost = max(1, cost)
  }
}

/// What an evaluation gives.
public struct SpaceScore: Sendable, Hashable {
  /// How good the architecture is, larger is better; nil, or no finite number, where the evaluation failed.
  public var fitness: Double?
  /// Why there is no fitness: one sentence.
  public var reason: String?
  /// What is measured of the architecture without evaluation, by the names that descriptors' formulas use.
  public var figures: [String: Double]

  /// A score.
  public init(fitness: Double?, reason: String? = nil, figures: [String: Double]) {
    self.fitness = fitness
    self.reason = reason
    self.figures = figures
  }
}

/// An evaluator that looks everything up: all architectures of a space are known beforehand.
public struct TabularEvaluator<Space: SearchSpace>: SpaceEvaluator {
  /// A column of the table: the fitness of each architecture at one fidelity.
  public struct Column: Sendable {
    /// The fidelity.
    public var fidelity: SpaceFidelity
    /// The fitness of each architecture, in their order.
    public var fitness: [Double]

    /// A column.
    public init(_ fidelity: SpaceFidelity, fitness: [Double]) {
      self.fidelity = fidelity
      self.fitness = fitness
    }
  }

  /// The space.
  public let space: Space
  /// The fidelities, in ascending order of cost.
  public let fidelities: [SpaceFidelity]
  /// All architectures.
  public let genotypes: [Space.Genotype]
  private let places: [Space.Genotype: Int]
  private let columns: [[Double]]
  private let figures: [[String: Double]]

  /// A table of a space.
  ///
  /// - Parameter measured: figures beside those of the space that are known of each architecture, in their order; where
  ///   one is no finite number, the architecture has no such figure.
  /// - Throws: where there are no columns, one has not a row for each architecture, or an architecture is given twice.
  public init(
    space: Space, genotypes: [Space.Genotype], columns: [Column], measured: [String: [Double]] = [:]
  ) throws(SearchError) {
    guard !columns.isEmpty else { throw SearchError("A table needs a column of fitness.") }
    for column in columns where column.fitness.count != genotypes.count {
      throw SearchError(
        "The column '\(column.fidelity.name)' has \(column.fitness.count) rows, but there are \(genotypes.count) architectures."
      )
    }
    for (name, values) in measured where values.count != genotypes.count {
      throw SearchError("'\(name)' has \(values.count) rows, but there are \(genotypes.count) architectures.")
    }
    self.space = space
    self.genotypes = genotypes
    places = Dictionary(
      zip(genotypes, genotypes.indices), uniquingKeysWith: { first, _ in first })
    guard places.count == genotypes.count else {
      throw SearchError("An architecture stands in the table twice.")
    }
    let ordered = columns.sorted { $0.fidelity.cost < $1.fidelity.cost }
    fidelities = ordered.map(\.fidelity)
    self.columns = ordered.map(\.fitness)
    figures = genotypes.enumerated().map { place, genotype in
      var figures = space.figures(of: genotype)
      for (name, values) in measured where values[place].isFinite { figures[name] = values[place] }
      return figures
    }
  }

  /// The place of an architecture in the table; nil where it is not there.
  public func place(of genotype: Space.Genotype) -> Int? { places[genotype] }

  /// The figures of the architecture at a place.
  public func figures(at place: Int) -> [String: Double] { figures[place] }

  /// What the table has of an architecture.
  public func score(of genotype: Space.Genotype, fidelity: Int) -> SpaceScore {
    guard let place = places[genotype] else {
      return SpaceScore(
        fitness: nil, reason: "The table has no row for \(space.text(of: genotype)).",
        figures: space.figures(of: genotype))
    }
    let fitness = columns[fidelity][place]
    guard fitness.isFinite else {
      return SpaceScore(
        fitness: nil, reason: "The table has no \(fidelities[fidelity].name) value for it.",
        figures: figures[place])
    }
    return SpaceScore(fitness: fitness, figures: figures[place])
  }
}
