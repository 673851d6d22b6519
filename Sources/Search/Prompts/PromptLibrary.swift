import Foundation
import TorchFrontend
import Yams

/// All prompts of a folder, and a user's own.
public struct PromptLibrary: Sendable {
  /// The prompts by identifier.
  public let prompts: [String: Prompt]

  /// The mutations, in the order of the prompt archive's first axis.
  public var mutations: [Prompt] {
    prompts.values.filter { $0.kind == .mutation }.sorted { ($0.order, $0.id) < ($1.order, $1.id) }
  }

  /// Reads every `.md` file of the folder but its README, then those of the user's.
  ///
  /// - Parameter userFolder: a folder of further prompts; one with the `id` of another, and of its kind, takes its
  ///   place. Empty: none.
  /// - Throws: where a folder or a file cannot be read, or a file's front matter is wrong.
  public init(folder: String, userFolder: String = "") throws(PromptError) {
    var prompts = try Self.read(
      folder, hint: "set NICHE_HOME to the project's folder")
    for required in Self.required where prompts[required] == nil {
      throw PromptError("The prompts folder '\(folder)' has no prompt with the id '\(required)'.")
    }
    if !userFolder.isEmpty {
      let own = try Self.read(userFolder, hint: "'search.prompts' must be a folder with .md files")
      guard !own.isEmpty else {
        throw PromptError("The prompts folder '\(userFolder)' has no .md file; drop your prompts there.")
      }
      for (id, prompt) in own.sorted(by: { $0.key < $1.key }) {
        if let other = prompts[id], other.kind != prompt.kind {
          throw PromptError(
            "The prompt '\(id)' in '\(userFolder)' is a \(prompt.kind.rawValue), but the one of the same id is a "
              + "\(other.kind.rawValue); give it another id.")
        }
        prompts[id] = prompt
      }
    }
    self.prompts = prompts
    guard !mutations.isEmpty else {
      throw PromptError("The prompts folder '\(folder)' has no mutation prompts.")
    }
  }

  /// The prompts that a run uses: those of the folder, with the user's and without mutations that it leaves out.
  ///
  /// - Throws: as the initializer and `keeping(mutations:)`.
  public init(folder: String, for search: SearchSettings) throws(PromptError) {
    self = try PromptLibrary(folder: folder, userFolder: search.prompts).keeping(mutations: search.mutations)
  }

  /// The prompts that a run keeps, with whatever of the folder is none of them and no mutation: what a later version of
  /// Niche needs beside.
  ///
  /// - Parameter folder: the project's folder, which may be missing.
  /// - Throws: as `keeping(mutations:)`.
  public init(kept: [Prompt], folder: String, for search: SearchSettings) throws(PromptError) {
    var prompts = ((try? PromptLibrary(folder: folder)) ?? PromptLibrary([:])).prompts
      .filter { $0.value.kind != .mutation }
    for prompt in kept { prompts[prompt.id] = prompt }
    for required in Self.required where prompts[required] == nil {
      throw PromptError(
        "The run keeps no prompt with the id '\(required)', and neither has '\(folder)'; set NICHE_HOME to the "
          + "project's folder.")
    }
    self = try PromptLibrary(prompts).keeping(mutations: search.mutations)
  }

  private init(_ prompts: [String: Prompt]) { self.prompts = prompts }

  /// What a run keeps of it, by identifier: all that a search of networks may use.
  public var kept: [Prompt] {
    prompts.values.filter { $0.kind != .space }.sorted { $0.id < $1.id }
  }

  /// All prompts, by identifier: what a run of a space keeps.
  public var all: [Prompt] { prompts.values.sorted { $0.id < $1.id } }

  /// The identifiers of kept prompts that this library does not have any more, or has with another text or place; and
  /// of mutations that were added to it.
  public func changes(since kept: [Prompt]) -> [String] {
    let before = Dictionary(kept.map { ($0.id, $0) }) { _, last in last }
    let changed = before.filter { id, prompt in
      guard let now = prompts[id] else { return true }
      return (now.template, now.kind, now.order, now.rewrite)
        != (prompt.template, prompt.kind, prompt.order, prompt.rewrite)
    }
    let added = mutations.map(\.id).filter { before[$0] == nil }
    return (changed.keys + added).sorted()
  }

  /// The library with those mutations alone.
  ///
  /// - Parameter ids: the mutations' identifiers; empty: all of them.
  /// - Throws: where there is none of an identifier.
  public func keeping(mutations ids: [String]) throws(PromptError) -> PromptLibrary {
    guard !ids.isEmpty else { return self }
    for id in ids where prompts[id]?.kind != .mutation {
      let known = mutations.map(\.id)
      let hint = Spelling.closest(to: id, among: known).map { " Did you mean '\($0)'?" } ?? ""
      throw PromptError("'search.mutations' names '\(id)', which is no mutation prompt.\(hint)")
    }
    return PromptLibrary(prompts.filter { $0.value.kind != .mutation || ids.contains($0.key) })
  }

  /// The library whose mutations are those of architectures of a space.
  var forSpaces: PromptLibrary {
    PromptLibrary(
      prompts.compactMapValues { prompt in
        guard prompt.kind != .mutation else { return nil }
        var prompt = prompt
        if prompt.kind == .variation { prompt.kind = .mutation }
        return prompt
      })
  }

  private static let required =
    [
      "initial-network", "crossover", "random-network", "evolve-prompt", "section-wish",
    ]
    + ["program", "edits", "blocks", "completion"].flatMap {
      [
        "system-\($0)", "frame-\($0)", "frame-crossover-\($0)", "repair-\($0)", "section-partner-\($0)",
        "section-inspiration-\($0)",
      ]
    }

  /// The prompt of that identifier.
  public func prompt(_ id: String) throws(PromptError) -> Prompt {
    guard let prompt = prompts[id] else {
      throw PromptError("There is no prompt with the id '\(id)' in prompts/.")
    }
    return prompt
  }

  /// Fills every template with stand-ins, as a search would with networks.
  ///
  /// - Throws: the first that cannot be filled in, or is empty then.
  public func check() throws(PromptError) {
    let task = ImageTask(channels: 3, height: 32, width: 32, classes: 10).variables
    for prompt in prompts.values.sorted(by: { $0.id < $1.id }) {
      var values = task
      for name in prompt.kind.knownVariables { values[name] = name }
      let text = try prompt.rendered(values)
      guard text.contains(where: { !$0.isWhitespace }) else {
        throw PromptError("prompts/\(prompt.id): the text is empty.")
      }
    }
  }

  private static func read(_ folder: String, hint: String) throws(PromptError) -> [String: Prompt] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw PromptError("The prompts folder '\(folder)' cannot be read; \(hint).")
    }
    var prompts: [String: Prompt] = [:]
    for name in names.sorted() where name.hasSuffix(".md") && name != "README.md" {
      guard let data = FileManager.default.contents(atPath: folder + "/" + name), data.count < 1 << 20,
        let text = String(data: data, encoding: .utf8)
      else { throw PromptError("The prompt file '\(folder)/\(name)' cannot be read as UTF-8 text.") }
      let prompt = try parse(text, file: name)
      guard prompts[prompt.id] == nil else {
        throw PromptError("Two prompt files have the id '\(prompt.id)'.")
      }
      prompts[prompt.id] = prompt
    }
    return prompts
  }

  // MARK: Reading one file

  private static let keys = ["id", "kind", "order", "rewrite", "variables", "author", "notes"]

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
    for key in mapping.keys where !keys.contains(key.string ?? "") {
      throw PromptError(
        "prompts/\(file): unknown key '\(key.string ?? "?")'; known: \(keys.joined(separator: ", ")).")
    }
    let prompt = try prompt(
      mapping, template: lines[(end + 1)...].joined(separator: "\n").trimmingCharacters(in: .newlines),
      file: file)
    for variable in prompt.usedVariables.subtracting(prompt.variables).sorted() {
      throw PromptError("prompts/\(file): the text uses '{{\(variable)}}', which 'variables' does not list.")
    }
    let known = prompt.kind.knownVariables.union(ImageTask.variableNames)
    for variable in prompt.variables where !known.contains(variable) {
      throw PromptError(
        "prompts/\(file): the variable '\(variable)' is not known to prompts of the kind \(prompt.kind.rawValue); "
          + "known: \(known.sorted().joined(separator: ", ")).")
    }
    return prompt
  }

  private static func prompt(
    _ mapping: Node.Mapping, template: String, file: String
  ) throws(PromptError) -> Prompt {
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
    return Prompt(
      id: id, kind: kind, order: order ?? .max, rewrite: rewrite,
      variables: variables?.compactMap(\.self) ?? [],
      author: mapping["author"]?.string, notes: mapping["notes"]?.string, template: template)
  }
}
