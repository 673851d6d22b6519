import ArgumentParser
import Reports
import Search

/// `niche prompts`: the texts that language models are given.
struct PromptsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prompts",
    abstract: "List the prompts, show one, or check them.",
    discussion: """
      Prompts are the files of prompts/; those of a folder of yours are added, or take the place of the ones with their id.
      """,
    subcommands: [List.self, Show.self], defaultSubcommand: List.self)

  /// Where prompts are looked for.
  struct Source: ParsableArguments {
    @Option(help: ArgumentHelp("A folder of further prompts.", valueName: "folder"))
    var prompts = ""

    func library() throws -> PromptLibrary {
      try PromptLibrary(folder: Project.home() + "/prompts", userFolder: prompts)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List all prompts: kind, variables, author, notes.")

    @Flag(help: "Fill in every template, and say whether that can be done.")
    var check = false

    @OptionGroup var source: Source
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await explained {
        let library = try source.library()
        if check { try library.check() }
        let listing = PromptListing(library)
        if common.json {
          try common.print(listing.prompts)
        } else if check {
          print("All \(listing.prompts.count) prompts can be filled in.")
        } else {
          print(listing.text)
        }
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show one prompt with its text.")

    @Argument(help: "The prompt's id.")
    var id: String

    @OptionGroup var source: Source
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await explained {
        let library = try source.library()
        guard let prompt = PromptListing(library).prompts.first(where: { $0.id == id }) else {
          let hint =
            Spelling.closest(to: id, among: Array(library.prompts.keys).sorted())
            .map { " Did you mean '\($0)'?" } ?? " 'niche prompts' lists them."
          throw Failure("There is no prompt with the id '\(id)'.\(hint)")
        }
        if common.json { try common.print(prompt) } else { print(prompt.text) }
      }
    }
  }
}
