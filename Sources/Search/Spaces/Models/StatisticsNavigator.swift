import Foundation
public import LanguageModels
import RandomStreams
import SearchSpaces

/// A Navigator without a language model: statistics of all results that it is shown, in the words of one.
///
/// It reads the same messages and writes the same text as a model. An option's share in its directions is g²/(g + b),
/// scaled: g is the option's share among the best, b among the others, each with one more of every option. The best
/// are a fifth of what it knows, and five at least.
public struct StatisticsNavigator: ChatModel {
  private let vocabulary: SpaceVocabulary
  private let measure: String
  private let topShare: Double

  /// A Navigator for a space.
  ///
  /// - Parameters:
  ///   - measure: what the messages call the fitness.
  ///   - topShare: which share of the results are the best.
  public init(_ vocabulary: SpaceVocabulary, measure: String = "accuracy", topShare: Double = 0.2) {
    self.vocabulary = vocabulary
    self.measure = measure
    self.topShare = min(1, max(0, topShare))
  }

  /// `statistics-navigator`, built in.
  public var identity: ModelIdentity { ModelIdentity(provider: "built-in", model: "statistics-navigator") }

  /// A strategy by all results in the messages.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    var known: [[Int]: Double] = [:]
    for message in request.messages where message.role == .user {
      for line in message.content.split(whereSeparator: \.isNewline) where line.hasPrefix("{") {
        guard let record = try? JSONValue(parsing: String(line)), let fitness = record[measure]?.numberValue,
          let arch = record["Arch"],
          case .options(let options)? = vocabulary.readings(in: arch.encoded()).first
        else { continue }
        known[options] = fitness
      }
    }
    // The dictionary has no order of its own.
    let ranked = known.sorted { first, second in
      first.value == second.value
        ? first.key.lexicographicallyPrecedes(second.key) : first.value > second.value
    }
    return ChatReply(
      content: ranked.isEmpty ? opening : strategy(ranked), model: identity.model,
      usage: TokenUsage(promptTokens: 0, completionTokens: 0), isUsageReported: false, finishReason: "stop")
  }

  private var opening: String {
    """
    # SUMMARY
    Nothing has been evaluated. All options are tried alike.

    # KEY PATTERNS
    - None is known.

    \(NavigationDirections(even: vocabulary).text(vocabulary))
    """
  }

  private func strategy(_ ranked: [(key: [Int], value: Double)]) -> String {
    let count = min(ranked.count, max(5, Int((topShare * Double(ranked.count)).rounded())))
    let (top, rest) = (ranked.prefix(count), ranked.dropFirst(count))
    var patterns: [String] = []
    var shares: [[Double]] = []
    for (place, choice) in vocabulary.choices.enumerated() {
      let good = Self.shares(of: place, choice.options.count, in: top)
      let other = Self.shares(of: place, choice.options.count, in: rest)
      let weights = zip(good, other).map { $0 * $0 / ($0 + $1) }
      let sum = weights.reduce(0, +)
      shares.append(weights.map { $0 / sum })
      patterns.append(pattern(of: place, choice.name, choice.options, ranked, top: count))
    }
    let mean = ranked.reduce(0) { $0 + $1.value } / Double(ranked.count)
    let directions = NavigationDirections(shares: shares, examples: top.prefix(5).map(\.key))
    return """
      # SUMMARY
      \(ranked.count) architectures are known; their best \(measure) is \(Self.text(ranked[0].value)), their mean \(Self.text(mean)).

      # KEY PATTERNS
      \(patterns.joined(separator: "\n"))

      \(directions.text(vocabulary))
      """
  }

  /// The share of each option among architectures, with one more of each.
  private static func shares(
    of choice: Int, _ options: Int, in results: some Collection<(key: [Int], value: Double)>
  ) -> [Double] {
    var counts = Array(repeating: 1.0, count: options)
    for result in results { counts[result.key[choice]] += 1 }
    return counts.map { $0 / Double(results.count + options) }
  }

  /// The option that the best have most often, with its mean against that of the others.
  private func pattern(
    of choice: Int, _ name: String, _ options: [String], _ ranked: [(key: [Int], value: Double)], top: Int
  ) -> String {
    var counts = Array(repeating: 0, count: options.count)
    for result in ranked.prefix(top) { counts[result.key[choice]] += 1 }
    let most = counts.indices.max { (counts[$0], $1) < (counts[$1], $0) } ?? 0
    let with = ranked.filter { $0.key[choice] == most }.map(\.value)
    let without = ranked.filter { $0.key[choice] != most }.map(\.value)
    var line = "- \(name): \(counts[most]) of the best \(top) have \(options[most])"
    if !with.isEmpty, !without.isEmpty {
      line += "; mean \(measure) \(Self.text(Self.mean(with))), \(Self.text(Self.mean(without))) without it"
    }
    return line + "."
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  private static func text(_ value: Double) -> String { String(format: "%.5g", value) }
}

/// A Generator without a language model: it draws architectures as the directions in the last message say.
///
/// Where they have examples, every other architecture is one of them with one choice drawn anew; all others are drawn
/// choice by choice. None comes twice in a reply. The draws follow from the request's seed alone.
public struct DirectedGenerator: ChatModel {
  private let vocabulary: SpaceVocabulary
  private let count: Int

  /// A Generator for a space that writes so many architectures at once.
  public init(_ vocabulary: SpaceVocabulary, count: Int = 15) {
    self.vocabulary = vocabulary
    self.count = max(1, count)
  }

  /// `directed-generator`, built in.
  public var identity: ModelIdentity { ModelIdentity(provider: "built-in", model: "directed-generator") }

  /// Architectures by the last directions in the messages.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let guidance = request.messages.last {
      $0.role != .system && $0.content.contains(NavigationDirections.heading)
    }
    let directions = NavigationDirections(reading: guidance?.content ?? "", vocabulary)
    var stream = RandomStream(seed: UInt64(bitPattern: Int64(request.seed ?? 0)))
    var drawn: [[Int]] = []
    var seen = Set(directions.examples)
    // A small space, or directions that leave no choice, may have fewer.
    for attempt in 0..<(8 * count) where drawn.count < count {
      var options = directions.shares.map { stream.weightedIndex($0) ?? 0 }
      if !attempt.isMultiple(of: 2), let example = stream.element(of: directions.examples) {
        let choice = stream.integer(below: max(1, options.count))
        var shares = directions.shares[choice]
        // Another option than its own, so that it is not the example again.
        shares[example[choice]] = 0
        let drawn = stream.weightedIndex(shares)
        options = example
        options[choice] = drawn ?? example[choice]
      }
      if seen.insert(options).inserted { drawn.append(options) }
    }
    let reply: JSONValue = .object([
      .init(SpaceVocabulary.schemaName, .array(drawn.map(vocabulary.json)))
    ])
    return ChatReply(
      content: reply.encoded(), model: identity.model,
      usage: TokenUsage(promptTokens: 0, completionTokens: 0), isUsageReported: false, finishReason: "stop")
  }
}
