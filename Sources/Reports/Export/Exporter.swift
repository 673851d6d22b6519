import Foundation
import ONNX
import QualityDiversity
public import RunStore
public import Search
import Training

/// Writes the elites of a run as files that PyTorch, spreadsheets and scripts read.
public struct Exporter: Sendable {
  private let run: RunSnapshot
  private let store: RunStore

  /// An exporter of the run as it is in the snapshot.
  public init(_ run: RunSnapshot, store: RunStore) {
    self.run = run
    self.store = store
  }

  /// The elites, with test accuracy where an evaluator is given.
  ///
  /// - Parameters:
  ///   - evaluator: measures the stored weights on the test set; nil leaves test accuracy out.
  ///   - tested: what a table says of an architecture's test accuracy; nil leaves it out of runs of spaces.
  ///   - selection: which elites.
  ///   - progress: told how many of how many are done.
  /// - Throws: where the run's file cannot be read, the selection makes no sense, or an elite's weights do not fit
  ///   it.
  public func archive(
    testedBy evaluator: NetworkEvaluator?, lookedUp tested: ((String) -> Double?)? = nil,
    selection: ExportSelection = ExportSelection(),
    progress: (Int, Int) -> Void = { _, _ in }
  ) async throws(SearchError) -> ExportedArchive {
    let configuration = run.header.configuration
    let chosen = try selection.elites(of: run)
    let records = try run.records(of: chosen)
    let objectives = configuration.archive.objectives.map(\.name)
    // Places count all elites of a niche, whichever were chosen.
    var places: [Int: Int] = [:]
    for niche in Dictionary(grouping: run.elites, by: \.cell).values {
      for (place, elite) in niche.enumerated() where place > 0 { places[elite.record.id] = place }
    }
    var elites: [ExportedElite] = []
    for (index, elite) in chosen.enumerated() {
      guard let record = records[elite.record.id], let source = try run.networkSource(of: record),
        let description = record.description, let fitness = elite.record.fitness
      else {
        throw SearchError(
          "Candidate \(elite.record.id) is an elite but lacks its source or fitness; the file is damaged.")
      }
      var accuracy: Double?
      if configuration.isOfSpace {
        accuracy = record.source.flatMap { tested?($0) }
      } else if let evaluator {
        accuracy = try await evaluator.testAccuracy(of: source, weights: weights(of: record.id))
      }
      let names = configuration.descriptors.map(\.name)
      let talk = try await talk(of: record)
      elites.append(
        ExportedElite(
          folder: ExportedElite.folder(niche: elite.cell, place: places[record.id]), niche: elite.cell,
          candidate: record.id, generation: record.generation,
          place: places[record.id],
          objectives: record.objectives.map {
            Dictionary(zip(objectives, $0), uniquingKeysWith: { first, _ in first })
          },
          measures: Dictionary(zip(names, record.measures ?? []), uniquingKeysWith: { first, _ in first }),
          fitness: fitness, scores: scores(of: record), testAccuracy: accuracy, description: description,
          origin: record.origin,
          verdict: record.verdict, models: talk?.models,
          ancestry: run.firstParents(of: record.id, atMost: 100).map(\.id),
          imagesSeen: imagesSeen(by: record),
          promptTokens: talk?.promptTokens, completionTokens: talk?.completionTokens, source: source,
          architecture: configuration.isOfSpace ? record.source : nil))
      progress(index + 1, chosen.count)
    }
    let statistics = run.generations.last?.statistics
    return ExportedArchive(
      seed: configuration.seed, data: configuration.measurement, axes: configuration.descriptors,
      archive: configuration.archive, niches: statistics?.cells ?? 0, qdScore: statistics?.qdScore ?? 0,
      normalization: evaluator?.normalization,
      elites: elites)
  }

  /// Writes the archive into a folder, which is made anew: one folder per elite with `network.py`,
  /// `weights.safetensors`, `network.onnx` (both but for architectures that a table was asked about) and `card.md`, then `elites.csv`, `elites.json`, `archive.csv` and
  /// `archive.npz` (as pyribs and NumPy read them) and `load.py`, which loads an elite into PyTorch.
  ///
  /// - Returns: what was left out: networks that ONNX has no operations for.
  /// - Throws: where the folder holds something that is no export, or cannot be written, or the run's file lacks
  ///   an elite's weights.
  @discardableResult
  public func write(
    _ archive: ExportedArchive, to folder: String
  ) async throws(SearchError) -> [ExportNote] {
    try Self.check(folder)
    let files = FileManager.default
    var notes: [ExportNote] = []
    do {
      if files.fileExists(atPath: folder) { try files.removeItem(atPath: folder) }
      try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
      func write(_ bytes: some Sequence<UInt8>, _ name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))
      }
      for elite in archive.elites {
        try files.createDirectory(atPath: folder + "/" + elite.folder, withIntermediateDirectories: true)
        let content = EliteFiles(elite: elite, archive: archive, run: run)
        try write(content.network.utf8, elite.folder + "/network.py")
        var onnx: ONNXFile?
        // What a table says was not trained here.
        if !run.header.configuration.isOfSpace {
          let weights = try await weights(of: elite.candidate)
          try write(weights, elite.folder + "/weights.safetensors")
          do throws(ExportNote) { onnx = try content.onnx(weights: weights) } catch { notes.append(error) }
        }
        if let onnx { try write(onnx.bytes, elite.folder + "/network.onnx") }
        try write(content.card(onnx).utf8, elite.folder + "/card.md")
      }
      let tables = ArchiveTables(archive: archive)
      try write(tables.elites.utf8, "elites.csv")
      try write(tables.pyribs.utf8, "archive.csv")
      try write(archive.arrays.bytes, "archive.npz")
      try write(PyTorchLoader.source.utf8, "load.py")
      try write(Self.json(archive).utf8, "elites.json")
    } catch let error as SearchError {
      throw error
    } catch {
      throw SearchError(OutputPlace.sentence(for: error, writing: folder))
    }
    return notes
  }

  /// Looks whether an export may take the place of what is in a folder.
  ///
  /// - Throws: where there is a file, or the folder holds something that is no export or cannot be read.
  public static func check(_ folder: String) throws(SearchError) {
    guard !OutputPlace.isFile(folder) else {
      throw SearchError("'\(folder)' is a file, but an export is a folder; name another one by --output.")
    }
    guard FileManager.default.fileExists(atPath: folder) else { return }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw SearchError(OutputPlace.sentence(for: error, writing: folder))
    }
    if let stranger = names.filter({ !isOurs($0) }).min() {
      throw SearchError(
        "'\(folder)' holds '\(stranger)', which is no part of an export; name another folder by --output.")
    }
  }

  /// The archive as JSON with sorted keys.
  public static func json(_ value: some Encodable) throws(SearchError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    } catch {
      throw SearchError("The figures cannot be written as JSON: \(error.localizedDescription)")
    }
  }

  /// Whether a file of that name may stand in an export, which then may be made anew.
  private static func isOurs(_ name: String) -> Bool {
    let numbers = name.dropFirst("niche-".count).split(separator: "-", omittingEmptySubsequences: false)
    return ["archive.csv", "archive.npz", "elites.csv", "elites.json", "load.py", "__pycache__"].contains(
      name)
      || name.hasPrefix("niche-") && numbers.count <= 2
        && numbers.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }
  }

  /// All accuracies of a candidate that was trained several times; nil of others.
  private func scores(of record: CandidateRecord) -> [Double]? {
    let further = run.scoreTable.further(of: record.id)
    return further.isEmpty ? nil : record.fitness.map { [$0] + further }
  }

  /// How many images all trainings of a candidate took; nil where there was none.
  private func imagesSeen(by record: CandidateRecord) -> Int? {
    record.evaluation.map { evaluation in
      run.scores.filter { $0.candidate == record.id }.reduce(evaluation.imagesSeen) {
        $0.clampedSum($1.imagesSeen)
      }
    }
  }

  /// What was said with models for a candidate; nil where none was asked.
  private func talk(of record: CandidateRecord) async throws(SearchError) -> EliteTalk? {
    let origin = record.origin
    let written = [origin.exchange].compactMap(\.self) + (origin.request?.repairs.map(\.exchange) ?? [])
    var talk = EliteTalk()
    do {
      for key in [origin.exchange].compactMap(\.self) + (origin.request?.exchanges ?? []) {
        guard let exchange = try await store.exchange(forKey: key) else { continue }
        talk.add(exchange, isOfSource: origin.author == .languageModel && written.contains(key))
      }
    } catch {
      throw SearchError(error.description)
    }
    return talk.isEmpty ? nil : talk
  }

  private func weights(of candidate: Int) async throws(SearchError) -> [UInt8] {
    let stored: [UInt8]?
    do {
      stored = try await store.weights(of: candidate)
    } catch {
      throw SearchError(error.description)
    }
    guard let stored else {
      throw SearchError(
        "The weights of candidate \(candidate) are not in the run's file; if the run goes on, another network took "
          + "its niche meanwhile, so export again.")
    }
    return stored
  }
}
