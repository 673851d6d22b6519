import RunStore
import Search

extension RunVerifier {
  /// Goes through a search of a space again and holds each candidate and each generation against the file.
  func verifyGenerations(_ beginning: any SpaceGenerationSource, _ counter: inout Counter) async throws {
    var source = beginning
    let numbers = Dictionary(grouping: run.candidates, by: \.generation).mapValues { $0.map(\.id) }
    for generation in run.generations {
      let stored = try store.records(of: numbers[generation.number] ?? [])
      guard let found = try await source.next(size: max(1, stored.count)) else {
        throw Disagreement(
          table: "generations", row: "number \(generation.number)", states: "a generation",
          expected: "none, since the search was over before it")
      }
      for record in found.records {
        guard let kept = stored[record.id] else {
          throw Disagreement(
            table: "candidates", row: "id \(record.id)", states: "no such row",
            expected: "one, since generation \(generation.number) is finished")
        }
        try verify(kept, against: record)
        try counter.add(of: run.candidates.count)
      }
      try verify(generation, against: found.generation)
    }
    let finished = run.generations.count
    if let stranger = run.candidates.first(where: { $0.generation > finished || $0.generation < 1 }) {
      throw Disagreement(
        table: "candidates", row: "id \(stranger.id)", states: "generation \(stranger.generation)",
        expected: "one that is finished")
    }
  }

  private func verify(_ stored: CandidateRecord, against expected: CandidateRecord) throws {
    guard stored != expected else { return }
    func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "none" }
    let parts: [(name: String, states: String, expected: String)] = [
      ("generation", text(stored.generation), text(expected.generation)),
      ("place", text(stored.index), text(expected.index)),
      ("source", text(stored.source), text(expected.source)),
      ("fitness", text(stored.fitness), text(expected.fitness)),
      ("measures", text(stored.measures), text(expected.measures)),
      ("origin", text(stored.origin), text(expected.origin)),
      ("verdict", text(stored.verdict), text(expected.verdict)),
      ("network", text(stored.description), text(expected.description)),
      ("evaluation", text(stored.evaluation), text(expected.evaluation)),
    ]
    let part = parts.first { $0.states != $0.expected } ?? parts[0]
    throw Disagreement(
      table: "candidates", row: "id \(stored.id)", states: "\(part.name) \(part.states)",
      expected: "\(part.expected), which configuration, table and replies give")
  }
}
