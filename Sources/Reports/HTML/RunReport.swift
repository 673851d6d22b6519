import LanguageModels
import QualityDiversity
import RunStore
public import Search

/// A run as a page in one file that loads nothing: what was found, how, by which means, and how to do it again.
public struct RunReport: Sendable {
  let facts: RunFacts
  /// The candidates that are on the page, by number.
  private let records: [Int: CandidateRecord]
  /// The exchanges of those candidates.
  private let exchanges: [Int: ChatExchange]
  /// The exchanges in which the model was told that its replies for those candidates are no networks.
  private let repairs: [Int: [ChatExchange]]
  /// Where a click on a candidate leads.
  let addresses: [Int: String]
  /// How many elites and ancestors there was no room for.
  let omitted: Int
  /// The run's configuration, as JSON.
  let configurationText: String

  /// No more candidates than these are on a page, and no more bytes of theirs.
  private static let mostCandidates = 1500
  private static let mostBytes = 8_000_000

  /// The report of a run.
  ///
  /// - Throws: where its file cannot be read or its configuration makes no archive.
  public init(_ run: RunSnapshot) async throws(SearchError) {
    facts = try RunFacts(run)
    configurationText = try Exporter.json(run.header.configuration)
    let wanted = Self.wanted(facts)
    var exchanges: [Int: ChatExchange] = [:]
    var repairs: [Int: [ChatExchange]] = [:]
    var records: [Int: CandidateRecord] = [:]
    var bytes = 0
    do throws(RunLogError) {
      let found = try run.store.records(of: wanted.prefix(Self.mostCandidates))
      for number in wanted {
        guard bytes < Self.mostBytes, let record = found[number] else { continue }
        var size = 3000 + 2 * (record.source?.utf8.count ?? 0)
        if let key = record.origin.exchange, let exchange = try await run.store.exchange(forKey: key) {
          exchanges[number] = exchange
          size += exchange.request.messages.reduce(0) { $0 + min(16_000, $1.content.utf8.count) }
          if case .reply(let reply) = exchange.outcome { size += min(16_000, reply.content.utf8.count) }
        }
        for repair in record.origin.request?.repairs ?? [] {
          guard let exchange = try await run.store.exchange(forKey: repair.exchange) else { continue }
          repairs[number, default: []].append(exchange)
          size += min(16_000, exchange.request.messages.last?.content.utf8.count ?? 0)
          if case .reply(let reply) = exchange.outcome { size += min(16_000, reply.content.utf8.count) }
        }
        records[number] = record
        bytes += size
      }
    } catch {
      throw SearchError(error.description)
    }
    (self.records, self.exchanges, self.repairs) = (records, exchanges, repairs)
    omitted = wanted.count - records.count
    addresses = records.mapValues { "#candidate-\($0.id)" }
  }

  /// The elites, the fittest first, then their ancestors, the nearest first.
  private static func wanted(_ facts: RunFacts) -> [Int] {
    let elites = facts.archive.allElites.sorted {
      ($1.objective, $0.solution) < ($0.objective, $1.solution)
    }
    var wanted = elites.map(\.solution)
    var seen = Set(wanted)
    var place = 0
    while place < wanted.count {
      for parent in facts.run.candidate(wanted[place])?.origin.parents ?? []
      where seen.insert(parent).inserted {
        wanted.append(parent)
      }
      place += 1
    }
    return wanted
  }

  /// The page.
  public var html: String {
    HTMLPage(
      title: "\(facts.run.header.name): networks by niche", subtitle: facts.run.header.authorChoice,
      sections: sections, appendix: candidates
    ).document
  }

  // MARK: Candidates

  private var candidates: HTML {
    let numbers = records.keys.sorted()
    let niches = Dictionary(
      facts.archive.allElites.map { ($0.solution, $0.cell) }, uniquingKeysWith: { first, _ in first })
    var children: [Int: [Int]] = [:]
    for number in numbers {
      for parent in records[number]?.origin.parents ?? [] { children[parent, default: []].append(number) }
    }
    let present = Set(numbers)
    let articles = numbers.compactMap { number -> HTML? in
      records[number].map { record in
        CandidateArticle(
          record: record, niche: niches[number],
          parentSource: record.origin.parents.first.flatMap { records[$0]?.source },
          exchange: exchanges[number], repairs: repairs[number] ?? [], ancestors: ancestors(of: number),
          children: children[number] ?? [],
          axes: facts.archive.axes, present: present
        ).html
      }
    }
    let links = numbers.map { "<a href=\"#candidate-\($0)\">\($0)</a>" as HTML }
    let note: HTML =
      omitted > 0
      ? "<p class=\"note\">There was no room for \(omitted) further elites and ancestors; niche show has them.</p>"
      : ""
    return """
      <section id="candidates" aria-labelledby="candidates-title">
      <h2 id="candidates-title">Elites and their ancestors</h2>
      <p>\(HTML.list(links))</p>\(note)
      \(HTML(articles))
      </section>
      """
  }

  /// The first parents of a candidate and of theirs, the nearest first.
  private func ancestors(of number: Int) -> [(id: Int, fitness: Double?)] {
    facts.run.firstParents(of: number, atMost: 100).map { ($0.id, $0.fitness) }
  }
}
