import ArgumentParser
import LanguageModels
import Reports

/// `niche models`: which language models are reachable, and how.
struct ModelsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Say which language models can be reached, what they cost, and which one a run would use.",
    discussion: """
      Asks the servers that the environment names, and those at the usual places on this machine, for their lists of \
      models. Nothing is generated, and no key is shown.
      """)

  @Option(help: "The longest wait for a server, in seconds.")
  var timeout = 5.0

  @Option(help: "How many models of each server are listed; 0: all.")
  var limit = 20

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard timeout > 0, timeout <= 600 else {
      throw ValidationError("--timeout must be above 0 and up to 600.")
    }
    guard limit >= 0 else { throw ValidationError("--limit must be 0 or more.") }
  }

  func run() async throws {
    try await explained {
      let survey = try await ModelDiscovery().survey(timeoutSeconds: timeout)
      if common.json { return try common.print(survey) }
      let prices = try Project.prices()
      for server in survey.servers { show(server, prices) }
      if let name = survey.local.name {
        print("local model: \(name) in \(survey.local.folder ?? "")")
      } else {
        print("local model: \(survey.local.problem ?? "none")")
      }
      print("\na run whose configuration names no model uses: \(survey.automatic)")
    }
  }

  private func show(_ server: ModelSurvey.Server, _ prices: PriceTable) {
    let key = server.hasKey ? "with a key" : "without a key"
    print("\(server.api.rawValue) at \(server.address), \(key)")
    guard let offered = server.offered else {
      print("  \(server.problem ?? "It did not answer.")")
      return
    }
    var listed = limit == 0 ? offered : Array(offered.prefix(limit))
    if let named = server.model, !listed.contains(named) { listed.insert(named, at: 0) }
    for model in listed {
      let identity = ModelIdentity(provider: server.api.rawValue, model: model, endpoint: server.address)
      var line = "  \(model)"
      if let price = prices.price(of: identity) {
        let amounts = [price.input, price.output].map { Figures.fixed($0.dollars * 1e6, 2) }
        line += "   $\(amounts[0]) in, $\(amounts[1]) out for a million tokens"
      }
      if model == server.model {
        line += offered.contains(model) ? "   (named by the environment)" : "   (named, but not in its list)"
      }
      print(line)
    }
    if listed.count < offered.count { print("  … \(offered.count - listed.count) more (--limit 0)") }
  }
}
