import Foundation
import QualityDiversity
public import RunStore
public import Search
public import Training

/// An elite as it is exported; nothing in it depends on time or place, so equal archives give equal bytes.
public struct ExportedElite: Codable, Sendable, Hashable {
  /// The niche's cell.
  public var niche: Int
  /// The candidate's number.
  public var candidate: Int
  /// The generation that found it.
  public var generation: Int
  /// Its raw measures by the axes' names.
  public var measures: [String: Double]
  /// Validation accuracy, 0…1.
  public var fitness: Double
  /// Test accuracy with the stored weights, 0…1; nil where the test set is not at hand or was not asked for.
  public var testAccuracy: Double?
  /// What the compiler says of it.
  public var description: NetworkDescription
  /// How it came about.
  public var origin: CandidateOrigin
  /// What became of it.
  public var verdict: Verdict
  /// Its source.
  public var source: String
}

/// All elites of a run, for other programs.
public struct ExportedArchive: Codable, Sendable, Hashable {
  /// The version of this form.
  public var format = 1
  /// The seed of the run.
  public var seed: Int
  /// The data set.
  public var data: String
  /// The axes.
  public var axes: [DescriptorSettings]
  /// How many niches there are.
  public var niches: Int
  /// The QD score: the sum of the elites' fitness.
  public var qdScore: Double
  /// Mean and deviation of each channel by which images (scaled to 0…1) are normalised; nil where the data set
  /// is not at hand.
  public var normalization: Normalization?
  /// The elites, by niche.
  public var elites: [ExportedElite]
}

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
  ///   - top: only so many of the fittest.
  ///   - progress: told how many of how many are done.
  /// - Throws: where the run's file cannot be read or an elite's weights do not fit it.
  public func archive(
    testedBy evaluator: NetworkEvaluator?, top: Int? = nil, progress: (Int, Int) -> Void = { _, _ in }
  ) async throws(SearchError) -> ExportedArchive {
    let configuration = run.header.configuration
    let chosen = Self.fittest(top, of: run.elites)
    var elites: [ExportedElite] = []
    for (index, elite) in chosen.enumerated() {
      let record = elite.record
      guard let source = record.source, let description = record.description, let fitness = record.fitness
      else {
        throw SearchError(
          "Candidate \(record.id) is an elite but lacks its source or fitness; the file is damaged.")
      }
      var accuracy: Double?
      if let evaluator {
        accuracy = try await evaluator.testAccuracy(of: source, weights: weights(of: record.id))
      }
      let names = configuration.descriptors.map(\.name)
      elites.append(
        ExportedElite(
          niche: elite.cell, candidate: record.id, generation: record.generation,
          measures: Dictionary(zip(names, record.measures ?? []), uniquingKeysWith: { first, _ in first }),
          fitness: fitness, testAccuracy: accuracy, description: description, origin: record.origin,
          verdict: record.verdict, source: source))
      progress(index + 1, chosen.count)
    }
    let statistics = run.generations.last?.statistics
    return ExportedArchive(
      seed: configuration.seed, data: configuration.data.name, axes: configuration.descriptors,
      niches: statistics?.cells ?? 0, qdScore: statistics?.qdScore ?? 0,
      normalization: evaluator?.normalization,
      elites: elites)
  }

  /// Writes the archive into a folder, which is made anew: one folder per elite with `network.py` and
  /// `weights.safetensors`, then `elites.csv`, `elites.json` and `load.py`, which loads an elite into PyTorch.
  ///
  /// - Throws: where the folder holds something that is no export, or cannot be written, or the run's file lacks
  ///   an elite's weights.
  public func write(_ archive: ExportedArchive, to folder: String) async throws(SearchError) {
    let files = FileManager.default
    do {
      if files.fileExists(atPath: folder) {
        let strangers = try files.contentsOfDirectory(atPath: folder).filter { !Self.isOurs($0) }.sorted()
        if let stranger = strangers.first {
          throw SearchError(
            "'\(folder)' holds '\(stranger)', which is no part of an export; name another folder by --output."
          )
        }
        try files.removeItem(atPath: folder)
      }
      try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for elite in archive.elites {
        let place = folder + "/" + Self.name(of: elite)
        try files.createDirectory(atPath: place, withIntermediateDirectories: true)
        try Data(network(elite).utf8).write(to: URL(fileURLWithPath: place + "/network.py"))
        let weights = try await weights(of: elite.candidate)
        try Data(weights).write(to: URL(fileURLWithPath: place + "/weights.safetensors"))
      }
      try Data(csv(archive).utf8).write(to: URL(fileURLWithPath: folder + "/elites.csv"))
      try Data(PyTorchLoader.source.utf8).write(to: URL(fileURLWithPath: folder + "/load.py"))
      try Data(Self.json(archive).utf8).write(to: URL(fileURLWithPath: folder + "/elites.json"))
    } catch let error as SearchError {
      throw error
    } catch {
      throw SearchError("The export to '\(folder)' cannot be written: \(error.localizedDescription)")
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

  private static func fittest(_ count: Int?, of elites: [RunElite]) -> [RunElite] {
    guard let count else { return elites }
    let ranked = elites.sorted { ($1.record.fitness ?? 0, $0.cell) < ($0.record.fitness ?? 0, $1.cell) }
    return ranked.prefix(count).sorted { $0.cell < $1.cell }
  }

  private static func name(of elite: ExportedElite) -> String {
    let digits = String(elite.niche)
    return "niche-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// Whether a file of that name may stand in an export, which then may be made anew.
  private static func isOurs(_ name: String) -> Bool {
    let digits = name.dropFirst("niche-".count)
    return ["elites.csv", "elites.json", "load.py", "__pycache__"].contains(name)
      || name.hasPrefix("niche-") && !digits.isEmpty && digits.allSatisfy { $0.isASCII && $0.isNumber }
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

  /// The network's source under a header that says where it comes from.
  private func network(_ elite: ExportedElite) -> String {
    let header = run.header
    let origin = elite.origin
    let measures = header.configuration.descriptors.map { axis in
      "\(axis.name) \(elite.measures[axis.name].map(Figures.short) ?? "?")"
    }
    let place = measures.joined(separator: ", ")
    let tested = elite.testAccuracy.map { ", test accuracy " + Figures.percent($0, decimals: 2) } ?? ""
    let validated = Figures.percent(elite.fitness, decimals: 2)
    let parents = origin.parents.map { "candidate \($0)" }.joined(separator: " and ")
    let prompt = origin.prompt.map { ", prompt '\($0)'" } ?? ""
    let temperature = origin.temperature.map { ", temperature " + Figures.fixed($0, 2) } ?? ""
    let network = elite.description
    var lines: [String] = []
    lines.append(
      "Candidate \(elite.candidate) of the run '\(header.name)', elite of niche \(elite.niche) (\(place)).")
    lines.append("Validation accuracy \(validated)\(tested) on \(header.configuration.data.name).")
    lines.append("\(network.parameters) parameters, \(network.macs) MACs an image, hash \(network.hash).")
    lines.append(
      "By \(origin.author.rawValue) (\(origin.form.rawValue)): \(origin.step.rawValue) of "
        + (parents.isEmpty ? "nothing" : parents) + prompt + temperature + ".")
    lines.append("Author: \(header.authorChoice)")
    lines += elite.verdict.healed.map { "Healed: \($0)" }
    let comment = lines.map { "# " + $0.split(whereSeparator: \.isNewline).joined(separator: " ") }
    return comment.joined(separator: "\n") + "\n\n" + elite.source
  }

  /// A cell as RFC 4180 has it.
  private static func quoted(_ cell: String) -> String {
    guard cell.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return cell }
    return "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }

  private func csv(_ archive: ExportedArchive) -> String {
    let names = archive.axes.map(\.name)
    var titles = ["niche", "candidate", "generation", "fitness", "test_accuracy"]
    titles += ["parameters", "macs", "width", "depth"] + names.map { "measure_\($0)" }
    titles += ["status", "author", "prompt", "hash", "folder"]
    var lines = [titles.map(Self.quoted).joined(separator: ",")]
    for elite in archive.elites {
      let network = elite.description
      var cells: [String] = [
        "\(elite.niche)", "\(elite.candidate)", "\(elite.generation)", "\(elite.fitness)",
      ]
      cells.append(elite.testAccuracy.map { "\($0)" } ?? "")
      cells += [network.parameters, network.macs, network.width, network.depth].map { "\($0)" }
      cells += names.map { name in elite.measures[name].map { "\($0)" } ?? "" }
      cells += [elite.verdict.status.rawValue, elite.origin.author.rawValue, elite.origin.prompt ?? ""]
      cells += [network.hash, Self.name(of: elite)]
      lines.append(cells.map(Self.quoted).joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
