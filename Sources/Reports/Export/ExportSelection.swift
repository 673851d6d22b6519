import Foundation
import NetworkGraph
import PythonSyntax
public import QualityDiversity
import RunStore
import Scoring
import Search
import SearchSpaces
import TorchFrontend
import Training

/// Which elites are exported: those of a niche, that fulfil a condition, on a Pareto front, unlike each other, the
/// fittest; what is given is applied in this order.
public struct ExportSelection: Sendable, Hashable {
  /// In which space elites are unlike each other.
  public enum Space: String, Sendable, Hashable, CaseIterable {
    /// By their measures on the archive's axes.
    case descriptor
    /// By what their graphs are made of.
    case graph
  }

  /// How many elites that are unlike each other, and by which rule.
  public struct Diversity: Sendable, Hashable {
    /// How many.
    public var count: Int
    /// In which space.
    public var space: Space
    /// How they are chosen.
    public var rule: DiverseSubset

    /// So many, unlike each other in that space.
    public init(count: Int, space: Space = .descriptor, rule: DiverseSubset = .maxMin) {
      self.count = count
      self.space = space
      self.rule = rule
    }
  }

  /// The one niche; nil for all.
  public var niche: Int?
  /// What must hold of an elite, such as `parameters < 1e6 and niche.macs < 5e7`.
  public var condition: String?
  /// Figures that should be small: only elites stay than which no other is as fit or fitter and as small or smaller.
  public var pareto: [String]
  /// Only so many that are unlike each other.
  public var diversity: Diversity?
  /// Only so many of the fittest.
  public var top: Int?

  /// A selection; all elites where nothing is given.
  public init(
    niche: Int? = nil, condition: String? = nil, pareto: [String] = [], diversity: Diversity? = nil,
    top: Int? = nil
  ) {
    self.niche = niche
    self.condition = condition
    self.pareto = pareto
    self.diversity = diversity
    self.top = top
  }

  /// The formulas of a list with commas between them; those within brackets belong to a formula.
  public static func formulas(_ list: String) -> [String] {
    var depth = 0
    let parts = list.split { letter in
      if "([{".contains(letter) { depth += 1 }
      if ")]}".contains(letter) { depth -= 1 }
      return letter == "," && depth <= 0
    }
    return parts.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  /// The chosen elites of a run, by cell.
  ///
  /// - Throws: where the condition cannot be read, or graphs are asked for of sources that do not compile.
  func elites(of run: RunSnapshot) throws(SearchError) -> [RunElite] {
    let axes = run.header.configuration.descriptors.map(\.name)
    let vocabulary = EliteFigures.vocabulary(axes: axes)
    var elites = run.elites
    if let niche { elites = elites.filter { $0.cell == niche } }
    let formula = try condition.map { text throws(SearchError) in try Self.formula(text, vocabulary) }
    var costs: [Formula] = []
    for text in pareto { costs.append(try Self.formula(text, vocabulary)) }
    // Only the figures of networks are read from the file.
    let named = ([formula].compactMap { $0 } + costs).reduce(into: Set()) { $0.formUnion($1.names) }
    let known = try run.figures(named.filter(Descriptor.vocabulary.contains))
    let proxies = named.intersection(Proxy.figureNames)
    for name in proxies.sorted() where elites.contains(where: { known[$0.record.id]?[name] == nil }) {
      throw SearchError(
        "The run '\(run.header.name)' did not score its networks by '\(name)'; a search does that where an axis, an "
          + "objective or 'search.proxies' names it. 'niche score' scores exported networks.")
    }
    func figures(_ elite: RunElite) -> EliteFigures {
      EliteFigures(elite, axes: axes, figures: known[elite.record.id] ?? [:])
    }
    if let formula {
      elites = elites.filter { elite in
        let figures = figures(elite)
        return formula.holds { figures[$0] }
      }
    }
    if !costs.isEmpty { elites = Self.front(elites, costs: costs, figures: figures) }
    if let diversity { elites = try Self.diverse(elites, diversity, run) }
    if let top {
      let ranked = elites.sorted { ($1.record.fitness ?? 0, $0.cell) < ($0.record.fitness ?? 0, $1.cell) }
      elites = Array(ranked.prefix(top))
    }
    return elites.sorted { $0.cell < $1.cell }
  }

  private static func formula(_ text: String, _ names: Formula.Vocabulary) throws(SearchError) -> Formula {
    do {
      // A blank before the first line would be an indentation.
      return try Formula(text.trimmingCharacters(in: .whitespacesAndNewlines), names)
    } catch {
      throw SearchError(
        "'\(text)' cannot be read: \(error.message)" + (error.hint.map { "; \($0)." } ?? "."))
    }
  }

  private static func front(
    _ elites: [RunElite], costs: [Formula], figures: (RunElite) -> EliteFigures
  ) -> [RunElite] {
    let points = elites.map { elite in
      let figures = figures(elite)
      return [-(elite.record.fitness ?? 0)] + costs.map { cost in cost.value { figures[$0] } }
    }
    return elites.indices.filter { place in
      !points.contains { other in
        zip(other, points[place]).allSatisfy { $0 <= $1 } && other != points[place]
      }
    }.map { elites[$0] }
  }

  private static func diverse(
    _ elites: [RunElite], _ diversity: Diversity, _ run: RunSnapshot
  ) throws(SearchError) -> [RunElite] {
    let qualities = elites.map { $0.record.fitness ?? 0 }
    let places: [Int]
    switch diversity.space {
    case .descriptor:
      let axes = try run.header.configuration.measureAxes()
      let points = elites.map { elite in
        zip(axes, elite.record.measures ?? []).map { $0.normalized($1) }
      }
      places = diversity.rule.select(diversity.count, qualities: qualities) { a, b in
        zip(points[a], points[b]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      }
    case .graph:
      let task = try run.task()
      let records = try run.records(of: elites)
      var signatures: [GraphSignature] = []
      for elite in elites {
        do {
          let network = try NetworkCompiler.compile(
            run.networkSource(of: records[elite.record.id]) ?? "",
            options: task.options(batch: 1, isTraining: false))
          signatures.append(GraphSignature(network.graph))
        } catch {
          throw SearchError("Candidate \(elite.record.id) is an elite but does not compile: \(error)")
        }
      }
      places = diversity.rule.select(diversity.count, qualities: qualities) { a, b in
        signatures[a].distance(to: signatures[b])
      }
    }
    return places.map { elites[$0] }
  }
}

/// The figures of an elite that conditions may name.
private struct EliteFigures {
  private static let own: Set = ["fitness", "niche", "candidate", "generation", "seconds"]
  private let elite: RunElite
  private let measures: [String: Double]
  /// What the summary does not have.
  private let figures: [String: Double]

  init(_ elite: RunElite, axes: [String], figures: [String: Double]) {
    self.elite = elite
    self.figures = figures
    measures = Dictionary(zip(axes.map { "niche.\($0)" }, elite.record.measures ?? [])) { first, _ in first }
  }

  subscript(name: String) -> Double {
    let record = elite.record
    let figure: Double? =
      switch name {
      case "fitness": record.fitness
      case "niche": Double(elite.cell)
      case "candidate": Double(record.id)
      case "generation": Double(record.generation)
      case "seconds": record.evaluation?.seconds
      default: measures[name] ?? figures[name] ?? record.figure(named: name)
      }
    return figure ?? .nan
  }

  static func vocabulary(axes: [String]) -> Formula.Vocabulary {
    var vocabulary = Descriptor.vocabulary
    vocabulary.figures.formUnion(own.union(axes.map { "niche.\($0)" }))
    return vocabulary
  }
}

extension RunSnapshot {
  /// The whole records of elites, by number.
  ///
  /// - Throws: where the run's file cannot be read.
  func records(of elites: [RunElite]) throws(SearchError) -> [Int: CandidateRecord] {
    do {
      return try store.records(of: elites.map(\.record.id))
    } catch {
      throw SearchError(error.description)
    }
  }

  /// What a run's networks are for, by its data set's name; the data need not be there.
  ///
  /// - Throws: where the data set is none that is known.
  func task() throws(SearchError) -> ImageTask {
    if let space = try space() {
      let shape = space.imageShape
      return ImageTask(channels: shape[0], height: shape[1], width: shape[2], classes: space.classCount)
    }
    do {
      let name = try DatasetName(named: header.configuration.data.name)
      let shape = name.imageShape
      return ImageTask(
        channels: shape.channels, height: shape.height, width: shape.width, classes: name.classNames.count)
    } catch {
      throw SearchError("\(error)")
    }
  }

  /// The space that the run searches, with the networks of its data set; nil where it writes networks as code.
  ///
  /// - Throws: where the data set is none of the space's.
  func space() throws(SearchError) -> NASBench201Space? {
    let configuration = header.configuration
    return switch configuration.space.name {
    case .none: nil
    case .nasBench201: NASBench201Space(task: try configuration.nasBench201Task())
    }
  }

  /// The network of a candidate as source: what is stored or, where that is the text of an architecture of a space, its
  /// PyTorch module; nil where there is none.
  func networkSource(of record: CandidateRecord?) throws(SearchError) -> String? {
    guard let stored = record?.source else { return nil }
    guard let space = try space() else { return stored }
    do {
      return space.source(of: try space.genotype(from: stored))
    } catch {
      throw SearchError("Candidate \(record?.id ?? 0) is no architecture of \(space.name): \(error)")
    }
  }
}
