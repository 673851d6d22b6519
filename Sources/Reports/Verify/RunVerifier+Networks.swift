import Foundation
import NetworkGraph
import PythonSyntax
import RunStore
import Search
import SearchSpaces
import TorchFrontend
import Training

extension RunVerifier {
  // MARK: Sources

  /// Compiles every source anew and holds hash and figures against what is stored.
  func verifyNetworks(_ counter: inout Counter, notes: inout [String]) async throws {
    let task = try run.task()
    let space = try run.space()
    var seen: Set<String> = []
    var incomplete = 0
    // Of a space's hashes the canonical text is all that is said, and one network of each is compiled.
    let networks = run.candidates.filter { candidate in
      guard let network = candidate.description else { return false }
      return space == nil || candidate.verdict.status != .duplicate && seen.insert(network.hash).inserted
    }
    for start in stride(from: 0, to: networks.count, by: 64) {
      let chunk = Array(networks[start..<min(networks.count, start + 64)])
      let figures = try store.networkFigures(of: chunk.map(\.id))
      var sources = try store.sources(of: chunk.map(\.id))
      if let space { sources = try sources.mapValues { space.source(of: try space.genotype(from: $0)) } }
      for candidate in chunk {
        guard let source = sources[candidate.id], let stored = candidate.description else {
          throw Disagreement(
            table: "candidate_sources", row: "candidate \(candidate.id)", states: "no such row",
            expected: "the source of a network")
        }
        let found = await DeepStack.run { Self.network(source, task) }
        func fail(_ states: String, _ expected: String) -> Disagreement {
          Disagreement(table: "candidates", row: "id \(candidate.id)", states: states, expected: expected)
        }
        switch found {
        case .failure(let reason):
          throw fail("hash \(stored.hash)", "none, since its source does not compile: \(reason.text)")
        case .success(let description):
          var network = CandidateSummary.Network(description)
          if space != nil { network.hash = stored.hash }
          guard stored.hash == network.hash else {
            throw fail("hash \(stored.hash)", "\(network.hash), which its source gives")
          }
          guard stored.className == network.className else {
            throw fail("class \(stored.className)", "\(network.className), which its source has")
          }
          // A repetition has its twin's figures, which may count a layer otherwise that the hash looks past.
          if candidate.verdict.status != .duplicate, stored != network {
            throw fail(Self.words(stored), "\(Self.words(network)), which its source gives")
          }
          if space == nil, candidate.verdict.status != .duplicate {
            let isComplete = try verify(
              figures[candidate.id] ?? [:], against: description.figures ?? [:], of: candidate.id)
            incomplete += isComplete ? 0 : 1
          }
        }
        try counter.add(of: networks.count)
      }
    }
    if incomplete > 0 {
      notes.append(
        "Of \(incomplete) networks some figures are not stored, as by an earlier version; the others were verified."
      )
    }
  }

  /// Holds the compiler's figures against those of the source; proxies' were measured and are taken as they are.
  ///
  /// - Returns: whether all are stored.
  private func verify(
    _ stored: [String: Double], against expected: [String: Double], of candidate: Int
  ) throws -> Bool {
    for (name, value) in stored.sorted(by: { $0.key < $1.key }) where !name.hasPrefix("proxy.") {
      let wanted = expected[name]
      if let wanted, abs(value - wanted) <= 1e-9 * max(1, abs(wanted)) { continue }
      throw Disagreement(
        table: "candidate_figures", row: "candidate \(candidate)", states: "\(name) \(value)",
        expected: wanted.map { "\($0), which its source gives" } ?? "none, since its source gives none")
    }
    return expected.keys.allSatisfy { stored[$0] != nil }
  }

  private struct Reason: Error { var text: String }

  private static func network(
    _ source: String, _ task: ImageTask
  ) -> Result<NetworkDescription, Reason> {
    do {
      return .success(try NetworkDescription(of: source, task: task))
    } catch {
      return .failure(
        Reason(text: error.diagnostics.first { $0.severity == .error }?.message ?? "no network"))
    }
  }

  private static func words(_ network: CandidateSummary.Network) -> String {
    "\(network.parameters) parameters, \(network.macs) MACs, width \(network.width), depth \(network.depth)"
  }

  // MARK: Weights

  /// Weights belong to elites, or to candidates of a generation under way, and have the names and shapes of their network.
  func verifyWeights(_ counter: inout Counter, compiles: Bool, notes: inout [String]) async throws {
    let task = try run.task()
    let numbers = try store.weightCandidates()
    let elites = Set(run.elites.map(\.record.id))
    let remembered = Set(run.generations.last?.remembered ?? [])
    let stored = Set(numbers)
    var unchecked = 0
    // What a table says has no weights.
    let elitesWithWeights = run.header.configuration.isOfSpace ? [] : run.elites
    for elite in elitesWithWeights where !stored.contains(elite.record.id) {
      throw Disagreement(
        table: "weights", row: "candidate \(elite.record.id)", states: "no such row",
        expected: "the weights of the elite of niche \(elite.cell)")
    }
    for number in numbers {
      func fail(_ states: String, _ expected: String) -> Disagreement {
        Disagreement(table: "weights", row: "candidate \(number)", states: states, expected: expected)
      }
      let isUnderWay = run.candidate(number).map { $0.generation > run.generations.count } ?? false
      guard !run.header.configuration.isOfSpace else {
        throw fail("weights", "none, since nothing was trained")
      }
      guard elites.contains(number) || remembered.contains(number) || isUnderWay else {
        throw fail("weights", "none, since it is no elite")
      }
      let bytes = try await store.weights(of: number) ?? []
      if let recorded = try store.weightChecksum(of: number) {
        let found = Int(Checksum.crc32(bytes))
        guard recorded == found else {
          throw fail("the checksum \(recorded)", "\(found), which the weights give: they were changed")
        }
      } else {
        unchecked += 1
      }
      let weights: WeightSet
      do {
        weights = try SafeTensors.decode(bytes).weights
      } catch {
        throw fail("something that is no safetensors file (\(error))", "one")
      }
      if compiles, let source = try store.sources(of: [number])[number] {
        let shapes = await DeepStack.run { try? Self.shapes(source, task) }
        guard let shapes else { throw fail("weights", "none, since the source does not compile") }
        for tensor in weights.tensors {
          // What PyTorch counts beside the tensors that a network computes with.
          if tensor.name.hasSuffix("num_batches_tracked"), tensor.shape.isEmpty { continue }
          guard let shape = shapes[tensor.name] else {
            throw fail("a tensor '\(tensor.name)'", "none of that name, since the network has none")
          }
          guard shape == tensor.shape else {
            throw fail("'\(tensor.name)' of shape \(tensor.shape)", "\(shape), as in the network")
          }
        }
        let names = Set(weights.tensors.map(\.name))
        if let missing = shapes.keys.filter({ !names.contains($0) }).min() {
          throw fail("no tensor '\(missing)'", "one, since the network has it")
        }
      }
      try counter.add(of: numbers.count)
    }
    if unchecked > 0 {
      notes.append(
        "Of the weights of \(unchecked) candidates no checksum is recorded (an earlier version stored them), so only "
          + "their names and shapes were verified.")
    }
  }

  /// The shapes of a network's parameters and buffers by name.
  private static func shapes(_ source: String, _ task: ImageTask) throws -> [String: [Int]] {
    let graph = try NetworkCompiler.compile(source, options: task.options(batch: 2, isTraining: true)).graph
    return Dictionary(
      (graph.parameters + graph.buffers).map { ($0.name, graph.type(of: $0.value).shape) },
      uniquingKeysWith: { first, _ in first })
  }
}

/// Threads whose stacks are deep enough for sources of any nesting.
enum DeepStack {
  /// Runs the work on a thread of its own.
  static func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
      let thread = Thread { continuation.resume(returning: work()) }
      thread.stackSize = 16 << 20
      thread.start()
    }
  }
}
