import LanguageModels

/// What a role has said and was told so far, kept within a model's context.
///
/// What is too long is made shorter by a fixed rule, so that equal conversations stay equal: first the oldest turn
/// whose question has a short form takes it, then the next; where all have, the oldest turns are left out; at last
/// the question itself takes its short form. What was made shorter stays so, which lets servers reuse a prompt's
/// beginning. A byte counts as half a token until a reply says how many tokens its prompt had, then as the most that it
/// was so far, and a tenth more.
struct ModelConversation: Sendable, Hashable {
  /// What is told to a model, and what is left of it where room is short.
  struct Question: Sendable, Hashable {
    var text: String
    var short: String?
  }

  private struct Turn: Hashable {
    var question: Question
    var answer: String
  }

  /// Questions that took their short form, and turns that were left out.
  private(set) var shortened = 0
  private(set) var dropped = 0
  private let system: String
  private let limit: Int
  private var turns: [Turn] = []
  /// The most tokens of a byte that a server counted; nil where none did.
  private var density: Double?

  /// A conversation that has not begun.
  ///
  /// - Parameter limit: the most tokens that a request's messages may have.
  init(system: String, limit: Int) {
    self.system = system
    self.limit = limit
  }

  /// The messages that ask a question, with all that was said before.
  mutating func messages(asking question: inout Question) -> [ChatMessage] {
    while !fits(question) {
      if let oldest = turns.firstIndex(where: { $0.question.short != nil }) {
        shortened += Self.shorten(&turns[oldest].question)
      } else if !turns.isEmpty {
        turns.removeFirst()
        dropped += 1
      } else if question.short != nil {
        shortened += Self.shorten(&question)
      } else {
        break
      }
    }
    var messages: [ChatMessage] = [.system(system)]
    for turn in turns { messages += [.user(turn.question.text), .assistant(turn.answer)] }
    return messages + [.user(question.text)]
  }

  /// Takes note of how many tokens a server counted in messages; 0: it did not.
  mutating func learn(_ tokens: Int, in messages: [ChatMessage]) {
    guard tokens > 0 else { return }
    let bytes = messages.reduce(0) { $0 + $1.content.utf8.count + 16 }
    density = max(density ?? 0, Double(tokens) / Double(bytes))
  }

  /// Keeps what was asked and answered.
  mutating func append(_ question: Question, answer: String) {
    turns.append(Turn(question: question, answer: answer))
  }

  /// Forgets all that was said.
  mutating func forget() { turns = [] }

  private static func shorten(_ question: inout Question) -> Int {
    defer { question.short = nil }
    guard let short = question.short, short.utf8.count < question.text.utf8.count else { return 0 }
    question.text = short
    return 1
  }

  private func fits(_ question: Question) -> Bool {
    // A turn has some tokens around it, here taken for sixteen bytes.
    let bytes = turns.reduce(system.utf8.count + question.text.utf8.count + 32) {
      $0 + $1.question.text.utf8.count + $1.answer.utf8.count + 32
    }
    return Double(bytes) * (density.map { 1.1 * $0 } ?? 0.5) <= Double(limit)
  }
}
