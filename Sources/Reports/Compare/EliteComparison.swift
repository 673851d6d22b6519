import Foundation
import LanguageModels
import NetworkGraph
import QualityDiversity
public import Search
import TorchFrontend
import Training

/// Two elites side by side: what they score and cost, how their networks and sources differ, and where they come from.
public struct EliteComparison: Encodable, Sendable {
  /// One of the two.
  public struct Side: Codable, Sendable {
    /// The run.
    public var run: String
    /// The niche it is the elite of.
    public var niche: Int
    /// Its place among several elites of the niche, from 1; nil of the first.
    public var place: Int?
    /// The run whose niche it is, where that is not its own: it is the fittest of its run there.
    public var cellsOf: String?
    /// The candidate's number.
    public var candidate: Int
    /// The generation that found it.
    public var generation: Int
    /// How it came about.
    public var origin: CandidateOrigin
    /// Validation accuracy, 0…1; of a network that was trained several times the mean.
    public var fitness: Double
    /// Its measures by the names of the axes.
    public var measures: [String: Double]
    /// What the compiler says of it.
    public var description: NetworkDescription
    /// The most bytes of activations needed at one time, for one image.
    public var peakActivationBytes: Int
    /// Seconds of training and validation.
    public var seconds: Double?
    /// Images trained on.
    public var imagesSeen: Int?

    /// The niche in words, such as `16`, `16-2` or `16 of one`.
    var nicheTitle: String {
      NichePlace(niche, place: place ?? 1).description + (cellsOf.map { " of \($0)" } ?? "")
    }
  }

  /// How the two are related.
  public struct Ancestry: Codable, Sendable {
    /// The nearest common ancestor, by the numbers it has in both runs; nil where there is none.
    public var common: [Int]?
    /// How many steps lead from it to each; nil where there is none.
    public var steps: [Int]?
    /// The steps from the first back to it, or to its beginning: candidates by their first parents.
    public var first: [Int]
    /// The same from the second.
    public var second: [Int]
  }

  /// The first elite.
  public var first: Side
  /// The second elite.
  public var second: Side
  /// The difference in plain words.
  public var verdict: String
  /// What a reader must know: that the runs' cells differ.
  public var notes: [String]
  /// What became of the layers from the first to the second.
  public var layers: [LayerChange]
  /// What changed in the source from the first to the second, as `diff -u` writes it; empty where it is the same.
  public var sourceDiff: String
  /// How they are related.
  public var ancestry: Ancestry
  /// The lines of the difference.
  let source: SourceDiff

  enum CodingKeys: CodingKey { case first, second, verdict, notes, layers, sourceDiff, ancestry }

  /// The elites of two niches, of one run or of two.
  ///
  /// - Throws: where a niche is empty or there is none of that number, the data sets differ, or the run's file cannot be
  ///   read.
  public init(
    _ one: (run: RunSnapshot, niche: NichePlace), _ two: (run: RunSnapshot, niche: NichePlace)
  ) throws(SearchError) {
    try Self.checkData(one.run, two.run)
    try self.init(
      (one.run, one.run.elite(at: one.niche)), (two.run, two.run.elite(at: two.niche)),
      places: (one.niche, two.niche), cellsOf: nil)
  }

  /// The elites of one niche of two runs: a niche of the first, and what the second found there, be its own cells others.
  ///
  /// - Throws: as above, and where the first has no cells that the second could share.
  public init(
    _ one: RunSnapshot, _ two: RunSnapshot, niche: NichePlace
  ) throws(SearchError) {
    try Self.checkData(one, two)
    let (first, second) = (try one.elite(at: niche), try two.elite(at: niche, of: one))
    let isOwn = two.elites.contains { $0.cell == niche.cell && $0.record.id == second.record.id }
    let sharesCells =
      isOwn && one.header.configuration.archiveGeometry == two.header.configuration.archiveGeometry
      && one.header.configuration.descriptors == two.header.configuration.descriptors
    try self.init(
      (one, first), (two, second), places: (niche, niche), cellsOf: sharesCells ? nil : one.header.name)
  }

  private init(
    _ one: (run: RunSnapshot, elite: RunElite), _ two: (run: RunSnapshot, elite: RunElite),
    places: (NichePlace, NichePlace), cellsOf owner: String?
  ) throws(SearchError) {
    let (left, right) = (try Self.record(one.run, one.elite), try Self.record(two.run, two.elite))
    let (old, new) = (try Self.compile(left, one.run), try Self.compile(right, two.run))
    first = try Side(left, one.run, places.0, old)
    second = try Side(right, two.run, places.1, new)
    second.cellsOf = owner
    notes = []
    if let owner {
      notes.append(
        "The cells of '\(two.run.header.name)' are not those of '\(owner)'; of '\(two.run.header.name)' this is the fittest "
          + "network in niche \(places.0) of '\(owner)'.")
    }
    source = SourceDiff(left.source ?? "", right.source ?? "")
    sourceDiff = source.text
    layers = LayerChange.changes(
      from: old.graph.eliminatingDeadCode(), to: new.graph.eliminatingDeadCode())
    ancestry = Ancestry(left, one.run, right, two.run)
    verdict = ""
    verdict = sentence(
      images: ComparisonSource.run(one.run).validationImages, ComparisonSource.run(two.run).validationImages)
  }

  private static func checkData(_ one: RunSnapshot, _ two: RunSnapshot) throws(SearchError) {
    let data = [one, two].map(\.header.configuration.measurement)
    guard data[0] == data[1] else {
      throw SearchError(
        "'\(one.header.name)' was measured on \(data[0]) and '\(two.header.name)' on \(data[1]); their networks "
          + "cannot be compared.")
    }
  }

  /// The record of an elite, with the fitness that the archive goes by.
  private static func record(
    _ run: RunSnapshot, _ elite: RunElite
  ) throws(SearchError) -> CandidateRecord {
    guard var record = try run.records(of: [elite])[elite.record.id] else {
      throw SearchError("Candidate \(elite.record.id) is an elite but is not stored; the file is damaged.")
    }
    record.fitness = elite.record.fitness
    return record
  }

  /// The network as it is trained, so that dropouts are among its layers.
  private static func compile(
    _ record: CandidateRecord, _ run: RunSnapshot
  ) throws(SearchError) -> CompiledNetwork {
    do {
      return try NetworkCompiler.compile(
        run.networkSource(of: record) ?? "", options: run.task().options(batch: 2, isTraining: true))
    } catch let error as SearchError {
      throw error
    } catch {
      throw SearchError("Candidate \(record.id) is an elite but does not compile: \(error)")
    }
  }

  private func sentence(images one: Int?, _ two: Int?) -> String {
    let difference = first.fitness - second.fitness
    var clauses: [String] = []
    let points = Figures.fixed(abs(difference) * 100, 2)
    if difference == 0 {
      clauses.append("Both have the same fitness, \(Figures.percent(first.fitness, decimals: 2))")
    } else {
      let isReal = one.flatMap { one in
        two.map { TwoProportions.differ(first.fitness, of: one, second.fitness, of: $0) }
      }
      clauses.append(
        "The \(difference > 0 ? "first" : "second") is fitter by \(points) points"
          + (isReal.map { $0 ? ", more than the noise of measuring" : ", within the noise of measuring" }
            ?? ""))
    }
    let cost = [
      ("MACs", Double(first.description.macs), Double(second.description.macs)),
      ("parameters", Double(first.description.parameters), Double(second.description.parameters)),
    ].compactMap { name, left, right -> String? in
      guard left > 0, right > 0 else { return nil }
      let share = right / left
      if share == 1 { return "as many \(name)" }
      return share > 1
        ? "\(Figures.significant(share)) times the \(name)" : "\(Figures.percent(share)) of the \(name)"
    }
    if !cost.isEmpty { clauses.append("the second has \(cost.joined(separator: " and "))") }
    let counts = LayerChange.Kind.allCases.map { kind in
      "\(layers.count { $0.kind == kind }) \(kind.rawValue)"
    }
    clauses.append("layers: \(counts.joined(separator: ", "))")
    return clauses.joined(separator: "; ") + "."
  }
}

extension EliteComparison.Side {
  fileprivate init(
    _ record: CandidateRecord, _ run: RunSnapshot, _ niche: NichePlace, _ network: CompiledNetwork
  ) throws(SearchError) {
    guard let fitness = record.fitness, let description = record.description else {
      throw SearchError("Candidate \(record.id) is an elite but lacks its fitness; the file is damaged.")
    }
    let axes = run.header.configuration.descriptors.map(\.name)
    self.init(
      run: run.header.name, niche: niche.cell, place: niche.place > 1 ? niche.place : nil,
      candidate: record.id, generation: record.generation,
      origin: record.origin, fitness: fitness,
      measures: Dictionary(zip(axes, record.measures ?? []), uniquingKeysWith: { first, _ in first }),
      description: description, peakActivationBytes: network.graph.profile.peakActivationBytes / 2,
      seconds: record.evaluation?.seconds, imagesSeen: record.evaluation?.imagesSeen)
  }
}

extension EliteComparison.Ancestry {
  /// The nearest ancestor that both have: by number within a run, by what the network computes between two.
  fileprivate init(_ one: CandidateRecord, _ left: RunSnapshot, _ two: CandidateRecord, _ right: RunSnapshot)
  {
    let isOneRun = left.folder == right.folder
    let (mine, theirs) = (Self.ancestors(of: one.id, left), Self.ancestors(of: two.id, right))
    var places: [String: (candidate: Int, steps: Int)] = [:]
    for (candidate, steps) in theirs {
      guard let key = Self.key(candidate, right, isOneRun) else { continue }
      if steps < places[key]?.steps ?? .max { places[key] = (candidate, steps) }
    }
    var best: (pair: [Int], steps: [Int])?
    for (candidate, steps) in mine {
      guard let key = Self.key(candidate, left, isOneRun), let other = places[key] else { continue }
      if steps + other.steps < best.map({ $0.steps[0] + $0.steps[1] }) ?? .max {
        best = ([candidate, other.candidate], [steps, other.steps])
      }
    }
    common = best?.pair
    steps = best?.steps
    first = Self.line(one.id, left, until: best?.pair[0])
    second = Self.line(two.id, right, until: best?.pair[1])
  }

  private static func key(_ candidate: Int, _ run: RunSnapshot, _ isOneRun: Bool) -> String? {
    isOneRun ? "\(candidate)" : run.candidate(candidate)?.description?.hash
  }

  /// All ancestors with the least number of steps to each, itself included; the nearest first, then by number.
  private static func ancestors(of candidate: Int, _ run: RunSnapshot) -> [(candidate: Int, steps: Int)] {
    var found: [(candidate: Int, steps: Int)] = [(candidate, 0)]
    var seen: Set<Int> = [candidate]
    var next = 0
    while next < found.count {
      let (number, steps) = found[next]
      next += 1
      for parent in (run.candidate(number)?.origin.parents ?? []).sorted() where seen.insert(parent).inserted
      {
        found.append((parent, steps + 1))
      }
    }
    return found
  }

  private static func line(_ candidate: Int, _ run: RunSnapshot, until end: Int?) -> [Int] {
    var line = [candidate]
    var seen: Set<Int> = [candidate]
    while let last = line.last, last != end, line.count < 1000,
      let parent = run.candidate(last)?.origin.parents.first, seen.insert(parent).inserted
    {
      line.append(parent)
    }
    return line
  }
}
