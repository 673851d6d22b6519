import Foundation
import LanguageModels
import QualityDiversity
import RunStore
import Search
import Synchronization

@testable import Reports

/// A run made by hand: candidates with chosen width, depth, fitness and generation.
struct SampleRun {
  /// One candidate to be.
  struct Candidate {
    var generation = 1
    var width: Int
    var depth: Int
    var fitness: Double?
    var status = Verdict.Status.valid
    var author = CandidateOrigin.Author.languageModel
    var imagesSeen = 100
    var prompt = "add-layer"
    /// The accuracy after the first epoch of one that was stopped there.
    var partial: Double?
    var judgement: NicheJudgement?
    var request: CandidateRequest?
  }

  var name = "sample"
  var configuration: RunConfiguration
  var candidates: [Candidate]
  /// Finished generations; candidates of later ones are of one under way.
  var generations = 1
  var exchanges: [ChatExchange] = []
  /// Exchanges that candidates' requests name.
  var repairs: [ChatExchange] = []
  /// What all sources begin with.
  var source = ""
  /// The prompt archive of every generation.
  var prompts: [PromptIndividual] = []

  /// A 2×2 grid: width 0–100 and depth 0–10.
  static var grid: RunConfiguration {
    var run = RunConfiguration()
    run.name = "sample"
    run.seed = 4
    run.data.name = "fashion-mnist"
    run.archive.kind = .grid
    run.archive.dimensions = [2, 2]
    run.descriptors = [
      DescriptorSettings(name: "width", lower: 0, upper: 100),
      DescriptorSettings(name: "depth", lower: 0, upper: 10),
    ]
    return run
  }

  static func folder() -> String { NSTemporaryDirectory() + "niche-reports-\(UInt64.random(in: 0 ... .max))" }

  private func record(_ id: Int, _ candidate: Candidate) -> CandidateRecord {
    let network = NetworkDescription(
      hash: String(repeating: "0", count: 31) + String(id % 16, radix: 16), className: "Net",
      parameters: 1000 * id,
      macs: 500 * id, width: candidate.width, depth: candidate.depth)
    let isNetwork = candidate.status != .refused
    var evaluation = (candidate.fitness ?? candidate.partial).map { accuracy in
      TrainingOutcome(
        epochs: [
          .init(trainingLoss: 1, trainingAccuracy: 0.5, validationLoss: 0.75, validationAccuracy: accuracy)
        ],
        imagesSeen: candidate.imagesSeen, seconds: 2)
    }
    evaluation?.judgement = candidate.judgement
    var record = CandidateRecord(
      id: id, generation: candidate.generation, index: id - 1,
      origin: CandidateOrigin(
        step: candidate.generation == 0 ? .initial : .mutation, author: candidate.author, form: .wholeProgram,
        parents: candidate.generation == 0 ? [] : [id - 1],
        prompt: candidate.generation == 0 ? nil : candidate.prompt,
        temperature: candidate.generation == 0 ? nil : 0.6,
        exchange: exchanges.indices.contains(id - 1) ? exchanges[id - 1].key : nil,
        request: candidate.request),
      source: isNetwork ? source + "class Net:\n    number = \(id)\n" : nil,
      verdict: Verdict(
        candidate.status, reason: isNetwork ? nil : "No class.",
        twin: candidate.status == .duplicate ? id - 1 : nil,
        healed: candidate.status == .healed ? ["fc1 takes\n12 features"] : []),
      description: isNetwork ? network : nil,
      measures: isNetwork
        ? configuration.descriptors.compactMap { try? Descriptor($0).value(of: network, training: nil) }
        : nil,
      evaluation: evaluation, fitness: candidate.fitness)
    let objectives = configuration.archive.objectives
    if candidate.fitness != nil, !objectives.isEmpty {
      record.objectives = objectives.compactMap { network.figure(named: $0.name) }
    }
    return record
  }

  /// The elites of a generation: the first best of each cell, or what nobody in the cell is as good as in everything.
  private func elites(of records: [CandidateRecord], cell: (CandidateRecord) -> Int) -> [ArchiveCell] {
    let offered = records.filter(\.isOffered)
    func standings(_ record: CandidateRecord) -> [Double] {
      configuration.archive.standings(fitness: record.fitness ?? 0, objectives: record.objectives)
    }
    let elites = offered.filter { record in
      !offered.contains { other in
        cell(other) == cell(record) && other.id != record.id
          && zip(standings(other), standings(record)).allSatisfy { $0 >= $1 }
          && (other.id < record.id || standings(other) != standings(record))
      }
    }
    return elites.map { ArchiveCell(cell: cell($0), candidate: $0.id, fitness: $0.fitness ?? 0) }
      .sorted { ($0.cell, $1.fitness, $0.candidate) < ($1.cell, $0.fitness, $1.candidate) }
  }

  /// Stores the run in a folder, its archive worked out by brute force.
  func store(in folder: String) async throws -> RunStore {
    let header = RunHeader(
      name: name, configuration: configuration, authorChoice: "A model\nwrites.", version: "0",
      machine: "test",
      began: "2026-01-01T00:00:00Z")
    let store = try RunStore.create(in: folder, header: header)
    try await store.record(
      record(0, Candidate(generation: 0, width: 1, depth: 1, author: .person)), weights: nil)
    let records = candidates.enumerated().map { record($0.offset + 1, $0.element) }
    for exchange in repairs { try await store.record(exchange, candidate: 0) }
    for (index, exchange) in exchanges.enumerated() { try await store.record(exchange, candidate: index + 1) }
    let archive = try configuration.makeArchive()
    for number in 1...max(1, generations) where generations > 0 {
      for record in records where record.generation == number {
        try await store.record(
          record, weights: record.fitness == nil ? nil : [UInt8(truncatingIfNeeded: record.id)])
      }
      let cells = elites(of: records.filter { $0.generation <= number }) { record in
        (try? archive.cell(of: record.measures ?? [])) ?? -1
      }
      let best = Dictionary(grouping: cells, by: \.cell).sorted { $0.key < $1.key }.compactMap(\.value.first)
      try await store.commit(
        GenerationRecord(
          number: number, isInitialisation: number == 1, step: .mutation, networks: cells,
          prompts: prompts.enumerated().map { PromptCell(cell: $0.offset, individual: $0.element) },
          statistics: ArchiveStatistics(objectives: best.map(\.fitness), cells: archive.cellCount),
          bestOfGeneration: records.filter { $0.generation == number }.compactMap(\.fitness).max()))
    }
    for record in records where record.generation > generations {
      try await store.record(
        record, weights: record.fitness == nil ? nil : [UInt8(truncatingIfNeeded: record.id)])
    }
    return store
  }

  /// Stores the run and reads it; its folder goes when the tests end, for a snapshot reads what is long later.
  func snapshot() async throws -> RunSnapshot {
    let folder = Self.folder()
    TemporaryFolders.removeAtExit(folder)
    return try await RunSnapshot(store(in: folder))
  }
}

/// Folders that are removed when the tests end.
enum TemporaryFolders {
  private static let folders = Mutex<[String]>([])
  private static let registration: Void = {
    atexit { TemporaryFolders.removeAll() }
  }()

  static func removeAtExit(_ folder: String) {
    _ = registration
    folders.withLock { $0.append(folder) }
  }

  private static func removeAll() {
    for folder in folders.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: folder) }
  }
}
