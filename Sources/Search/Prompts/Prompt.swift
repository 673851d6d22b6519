import Foundation

/// A text kept in a file of `prompts/`: front matter between `---` lines, then the template.
public struct Prompt: Codable, Sendable, Hashable {
  /// What a prompt is for.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Asks for a change to one network; these make up LLMatic's prompt archive.
    case mutation
    /// Asks for another network out of two or more.
    case crossover
    /// Asks for a network without a search, as a baseline.
    case generation
    /// Says to the model what it is and how it answers.
    case system
    /// Frames a network and an instruction into one message.
    case frame
    /// A part of a frame that is not always there.
    case section
    /// Tells the model why its reply became no network.
    case repair
    /// Asks for another prompt out of one.
    case evolution
    /// The source that a search starts from.
    case network
    /// What is said to models that search a space of architectures.
    case space
    /// Asks for a change to one architecture of a space; these make up LLMatic's prompt archive there.
    case variation

    /// The variables that are known to prompts of the kind, beside those of the task.
    public var knownVariables: Set<String> {
      switch self {
      case .mutation, .crossover, .generation: ["source", "outline"]
      case .system, .network, .variation: []
      case .frame: ["source", "outline", "partners", "inspirations", "instruction", "wish"]
      case .section: ["source", "outline", "commented", "figures", "ordinal", "wish"]
      case .repair: ["source", "problem"]
      case .evolution: ["instruction"]
      case .space:
        [
          "mission", "knowledge", "example", "choices", "options", "structure", "results", "mistakes",
          "measure",
          "best", "strategy", "least", "most", "target", "constraint", "count", "illegal", "repeated",
          "reasons", "instruction",
        ]
      }
    }
  }

  /// Its identifier, unique within the library.
  public var id: String
  /// What it is for.
  public var kind: Kind
  /// Its place in the prompt archive's first axis, from 0; mutations and variations only.
  public var order: Int
  /// What the built-in rewriter, or the operators of a space, do for it, by `RewriteInstruction`'s name; mutations,
  /// crossovers and variations only.
  public var rewrite: String?
  /// The variables it may use.
  public var variables: [String]
  /// Who wrote it.
  public var author: String?
  /// What people should know of it.
  public var notes: String?
  /// The text, with variables as `{{name}}`.
  public var template: String

  /// The text with its variables filled in.
  ///
  /// - Throws: where a variable of the text has no value.
  public func rendered(_ values: [String: String]) throws(PromptError) -> String {
    var result = ""
    var rest = template[...]
    while let open = rest.range(of: "{{") {
      guard let close = rest.range(of: "}}", range: open.upperBound..<rest.endIndex) else {
        throw PromptError("prompts/\(id): '{{' without '}}'.")
      }
      let name = rest[open.upperBound..<close.lowerBound].trimmingCharacters(in: .whitespaces)
      guard let value = values[name] else { throw PromptError("prompts/\(id): no value for '{{\(name)}}'.") }
      result += rest[..<open.lowerBound] + value
      rest = rest[close.upperBound...]
    }
    return result + rest
  }

  /// The variables its text uses.
  public var usedVariables: Set<String> {
    var used: Set<String> = []
    var rest = template[...]
    while let open = rest.range(of: "{{"),
      let close = rest.range(of: "}}", range: open.upperBound..<rest.endIndex)
    {
      used.insert(rest[open.upperBound..<close.lowerBound].trimmingCharacters(in: .whitespaces))
      rest = rest[close.upperBound...]
    }
    return used
  }
}

/// Why a prompt file cannot be used: one sentence.
public struct PromptError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sentence.
  public var description: String

  /// An error.
  public init(_ description: String) { self.description = description }
}
