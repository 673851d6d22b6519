public import Search

/// The prompts of a library for a terminal or a program.
public struct PromptListing: Sendable {
  /// A prompt.
  public struct Entry: Codable, Sendable, Hashable {
    /// Its identifier.
    public var id: String
    /// What it is for.
    public var kind: Prompt.Kind
    /// Its place on the prompt archive's first axis; nil where it is no mutation or says none.
    public var order: Int?
    /// What the built-in rewriter does for it.
    public var rewrite: String?
    /// The variables it uses.
    public var variables: [String]
    /// Who wrote it.
    public var author: String?
    /// What people should know of it.
    public var notes: String?
    /// The text, with variables as `{{name}}`.
    public var template: String

    /// The prompt with its text, for the terminal.
    public var text: String {
      var lines = ["\(id): \(kind.rawValue)" + (order.map { ", order \($0)" } ?? "")]
      if let rewrite { lines.append("rewriter: \(rewrite)") }
      if !variables.isEmpty { lines.append("variables: \(variables.joined(separator: ", "))") }
      if let author { lines.append("author: \(author)") }
      if let notes { lines.append("notes: \(notes)") }
      return lines.joined(separator: "\n") + "\n\n" + template
    }
  }

  /// The prompts by kind, mutations in the order of their axis, others by identifier.
  public var prompts: [Entry]

  /// The listing of a library.
  public init(_ library: PromptLibrary) {
    let kinds = Prompt.Kind.allCases
    prompts = library.prompts.values
      .sorted {
        let places = (kinds.firstIndex(of: $0.kind) ?? 0, kinds.firstIndex(of: $1.kind) ?? 0)
        return (places.0, $0.order, $0.id) < (places.1, $1.order, $1.id)
      }
      .map {
        Entry(
          id: $0.id, kind: $0.kind, order: $0.kind == .mutation && $0.order < .max ? $0.order : nil,
          rewrite: $0.rewrite, variables: $0.variables, author: $0.author, notes: $0.notes,
          template: $0.template)
      }
  }

  /// The listing as a table.
  public var text: String {
    var table = TextTable(["prompt", "kind", "variables", "author", "notes"])
    for prompt in prompts {
      table.add([
        prompt.id, prompt.kind.rawValue, prompt.variables.joined(separator: " "), prompt.author ?? "–",
        prompt.notes ?? "",
      ])
    }
    return table.text
  }
}
