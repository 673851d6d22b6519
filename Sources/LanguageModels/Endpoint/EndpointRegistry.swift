import RandomStreams
import Synchronization

/// What is known of servers, shared by all models that ask them.
final class EndpointRegistry: Sendable {
  /// The registry of the process.
  static let shared = EndpointRegistry()

  private let refusals = Mutex<[String: Refusals]>([:])
  private let gates = Mutex<[String: EndpointGate]>([:])

  /// The way to that model at that server with that key.
  ///
  /// Servers count per model, so each has a way of its own. The key itself is not kept.
  func gate(endpoint: String, key: APIKey?, model: String) -> EndpointGate {
    let mark = key.map { StableHash.hexadecimal128($0.value) } ?? ""
    return gates.withLock { gates in
      let name = "\(Self.key(endpoint, model))\n\(mark)"
      if let known = gates[name] { return known }
      let new = EndpointGate()
      gates[name] = new
      return new
    }
  }

  /// What that server was found to refuse for that model.
  func refusals(endpoint: String, model: String) -> Refusals {
    refusals.withLock { $0[Self.key(endpoint, model)] } ?? Refusals()
  }

  /// Remembers a refusal; true where it was not known.
  ///
  /// - Parameter schemaStep: The place of the refused way among the ways of asking for a schema.
  func learn(
    _ refusal: WireErrors.Refusal, schemaStep: Int, endpoint: String, model: String
  ) -> Bool {
    refusals.withLock {
      var known = $0[Self.key(endpoint, model)] ?? Refusals()
      let before = known
      switch refusal {
      case .parameter(let name): known.parameters.insert(name)
      // Several requests may be refused the same way at once; that is one step.
      case .schemaForm: known.schemaSteps = max(known.schemaSteps, schemaStep + 1)
      case .systemTurn: known.mergesSystem = true
      }
      $0[Self.key(endpoint, model)] = known
      return known != before
    }
  }

  private static func key(_ endpoint: String, _ model: String) -> String { "\(endpoint)\n\(model)" }
}
