import Foundation
import TorchFrontend
import Yams

/// A text kept in a file of `prompts/`: front matter between `---` lines, then the template.
public struct Prompt: Sendable, Hashable {
  /// What a prompt is for.
  public enum Kind: String, Sendable, CaseIterable {
    /// Asks for a change to one network; these make up LLMatic's prompt archive.
    case mutation
    /// Asks for a third network out of two.
    case crossover
    /// Says to the model what it is and how it answers.
    case system
    /// Frames a network and an instruction into one message.
    case frame
    /// The source that a search starts from.
    case network
    /// What is said to models that search a space of architectures.
    case space
  }

  /// Its identifier, unique within the library.
  public var id: String
  /// What it is for.
  public var kind: Kind
  /// Its place in the prompt archive's first axis, from 0; mutations only.
  public var order: Int
  /// What the built-in rewriter does for it, by `RewriteInstruction`'s name; mutations and crossovers only.
  public var rewrite: String?
  /// The variables it may use.
  public var variables: [String]
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

/// All prompts of a folder.
public struct PromptLibrary: Sendable {
  /// The prompts by identifier.
  public let prompts: [String: Prompt]

  /// The mutations, in the order of the prompt archive's first axis.
  public var mutations: [Prompt] {
    prompts.values.filter { $0.kind == .mutation }.sorted { ($0.order, $0.id) < ($1.order, $1.id) }
  }

  /// Reads every `.md` file of the folder but its README.
  ///
  /// - Throws: where the folder or a file cannot be read, or a file's front matter is wrong.
  public init(folder: String) throws(PromptError) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw PromptError(
        "The prompts folder '\(folder)' cannot be read; set NICHE_HOME to the project's folder.")
    }
    var prompts: [String: Prompt] = [:]
    for name in names.sorted() where name.hasSuffix(".md") && name != "README.md" {
      guard let data = FileManager.default.contents(atPath: folder + "/" + name), data.count < 1 << 20,
        let text = String(data: data, encoding: .utf8)
      else { throw PromptError("The prompt file '\(folder)/\(name)' cannot be read as UTF-8 text.") }
      let prompt = try Self.parse(text, file: name)
      guard prompts[prompt.id] == nil else {
        throw PromptError("Two prompt files have the id '\(prompt.id)'.")
      }
      prompts[prompt.id] = prompt
    }
    self.prompts = prompts
    for required in Self.required where prompts[required] == nil {
      throw PromptError("The prompts folder '\(folder)' has no prompt with the id '\(required)'.")
    }
    guard !mutations.isEmpty else {
      throw PromptError("The prompts folder '\(folder)' has no mutation prompts.")
    }
  }

  private static let required = [
    "initial-network", "crossover", "system-program", "system-edits", "frame-program", "frame-edits",
    "frame-crossover-program", "frame-crossover-edits",
  ]

  /// The prompt of that identifier.
  public func prompt(_ id: String) throws(PromptError) -> Prompt {
    guard let prompt = prompts[id] else {
      throw PromptError("There is no prompt with the id '\(id)' in prompts/.")
    }
    return prompt
  }

  /// Reads one prompt file's text.
  static func parse(_ text: String, file: String) throws(PromptError) -> Prompt {
    // "\r\n" is one character of its own.
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else {
      throw PromptError("prompts/\(file): the file must begin with front matter between two '---' lines.")
    }
    let node: Node?
    do {
      node = try YAMLText.compose(lines[1..<end].joined(separator: "\n"))
    } catch {
      throw PromptError("prompts/\(file): the front matter is not valid YAML.")
    }
    guard let mapping = node?.mapping else {
      throw PromptError("prompts/\(file): the front matter is empty.")
    }
    let known = ["id", "kind", "order", "rewrite", "variables", "author", "notes"]
    for key in mapping.keys where !known.contains(key.string ?? "") {
      throw PromptError(
        "prompts/\(file): unknown key '\(key.string ?? "?")'; known: \(known.joined(separator: ", ")).")
    }
    guard let id = mapping["id"]?.string,
      let kind = mapping["kind"]?.string.flatMap(Prompt.Kind.init(rawValue:))
    else {
      throw PromptError(
        "prompts/\(file): 'id' and a 'kind' of \(Prompt.Kind.allCases.map(\.rawValue).joined(separator: ", ")) are needed."
      )
    }
    let order = mapping["order"]?.int
    guard order != nil || mapping["order"] == nil else {
      throw PromptError("prompts/\(file): 'order' must be a whole number.")
    }
    let variables = mapping["variables"]?.sequence?.map(\.string)
    guard variables?.contains(nil) != true, variables != nil || mapping["variables"] == nil else {
      throw PromptError(
        "prompts/\(file): 'variables' must be a list of names, such as [source, instruction].")
    }
    let rewrite = mapping["rewrite"]?.string
    guard rewrite.map({ RewriteInstruction(rawValue: $0) != nil }) ?? (mapping["rewrite"] == nil) else {
      let known = RewriteInstruction.allCases.map(\.rawValue).joined(separator: ", ")
      throw PromptError("prompts/\(file): 'rewrite' must name what the rewriter does: \(known).")
    }
    let prompt = Prompt(
      id: id, kind: kind, order: order ?? 0, rewrite: rewrite, variables: variables?.compactMap(\.self) ?? [],
      template: lines[(end + 1)...].joined(separator: "\n").trimmingCharacters(in: .newlines))
    for variable in prompt.usedVariables.subtracting(prompt.variables).sorted() {
      throw PromptError("prompts/\(file): the text uses '{{\(variable)}}', which 'variables' does not list.")
    }
    return prompt
  }
}
