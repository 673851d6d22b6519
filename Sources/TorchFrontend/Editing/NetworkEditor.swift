import NetworkGraph
import PythonSyntax

/// Applies edits to the text of a network.
///
/// Edits act on ranges of the source, so that formatting and comments survive, and what comes out is ordinary
/// PyTorch. After each edit the counts further down are healed (`Healer`) and the network is compiled: an edit
/// whose network does not compile, changes the shape of the result or exceeds the limits is refused, and the next
/// one starts from the source as it was before.
public struct NetworkEditor: Sendable {
  /// Applies edits one after another.
  ///
  /// A layer that cannot stand where it was asked for, such as a convolution behind the flattening, goes to the
  /// nearest place where it can; the outcome says so.
  ///
  /// - Parameters:
  ///   - edits: What to do; names mean the layers of the source as the edits before have left it.
  ///   - source: A network that compiles; otherwise all edits are refused.
  ///   - options: What the network is compiled for.
  ///   - limits: How large it may become.
  public static func apply(
    _ edits: [NetworkEdit], to source: String, options: CompilationOptions, limits: EditLimits = .standard
  ) -> EditOutcome {
    let outcome = applyRecordingFixes(edits, to: source, options: options, limits: limits)
    return EditOutcome(source: outcome.source, applied: outcome.applied, refused: outcome.refused)
  }

  /// An outcome with what healing changed.
  struct DetailedOutcome {
    var source: String
    var applied: [String] = []
    var refused: [String] = []
    var fixes: [HealingFix] = []
    /// The network of the source, nil where it does not compile.
    var network: CompiledNetwork?
  }

  static func applyRecordingFixes(
    _ edits: [NetworkEdit], to source: String, options: CompilationOptions, limits: EditLimits,
    map parent: NetworkMap? = nil
  ) -> DetailedOutcome {
    var outcome = DetailedOutcome(source: source)
    var map: NetworkMap
    do throws(CompilationFailure) {
      if let parent { map = parent } else { map = try NetworkMap(source, options: options) }
    } catch {
      let reason = error.diagnostics.first.map(\.description) ?? "unknown"
      outcome.refused = edits.map { "\($0): the network does not compile: \(reason)" }
      return outcome
    }
    outcome.network = map.network
    for edit in edits {
      do throws(EditRefusal) {
        let draft = try EditDraft(edit, map, limits)
        let finished = try finish(draft, map, limits)
        outcome.source = finished.healed.source
        outcome.applied.append(
          finished.healed.fixes.isEmpty
            ? draft.sentence
            : draft.sentence + " (" + finished.healed.fixes.map(\.description).joined(separator: "; ") + ")")
        outcome.fixes += finished.healed.fixes
        outcome.network = finished.healed.network
        map = finished.map
      } catch {
        outcome.refused.append("\(edit): \(error.reason)")
      }
    }
    return outcome
  }

  /// Heals, compiles and checks what an edit made.
  static func finish(
    _ draft: EditDraft, _ parent: NetworkMap, _ limits: EditLimits
  ) throws(EditRefusal) -> (healed: HealedNetwork, map: NetworkMap) {
    let text: String
    do throws(TextEdit.Failure) {
      text = try parent.source.string.applying(draft.edits)
    } catch {
      throw EditRefusal(error.description)
    }
    let healed = try check(text, parent, limits, keeping: draft.pinned)
    return (healed, NetworkMap(healed.source, healed.network, options: parent.options))
  }

  /// Heals a text and holds what it compiles to against the limits and the parent's result.
  static func check(
    _ text: String, _ parent: NetworkMap, _ limits: EditLimits, keeping pinned: Set<String> = [],
    maximumFixes: Int = 40
  ) throws(EditRefusal) -> HealedNetwork {
    guard text.utf8.count <= limits.maximumSourceBytes else {
      throw EditRefusal("the source would have more than \(limits.maximumSourceBytes) bytes")
    }
    var options = parent.options
    options.limits.parameters = min(options.limits.parameters, limits.maximumParameters)
    let healed: HealedNetwork
    do throws(CompilationFailure) {
      var steps = 0
      healed = try Healer.heal(
        text, options: options, maximumFixes: maximumFixes, keeping: pinned, spending: &steps)
    } catch {
      let reason = error.diagnostics.first { $0.severity == .error } ?? error.diagnostics.first
      throw EditRefusal("the network would not compile: \(reason?.message ?? "for an unknown reason")")
    }
    let network = healed.network
    guard network.outputShape == parent.network.outputShape else {
      throw EditRefusal(
        "the result would have the shape \(network.outputShape) and not \(parent.network.outputShape)")
    }
    guard network.depth <= max(limits.maximumLayers, parent.network.depth) else {
      throw EditRefusal("the network would have more than \(limits.maximumLayers) layers")
    }
    guard network.width <= max(limits.maximumWidth, parent.network.width) else {
      throw EditRefusal("a layer would be wider than \(limits.maximumWidth)")
    }
    let macs = network.graph.costs.macsPerExample
    guard macs <= max(limits.maximumMACs, parent.network.graph.costs.macsPerExample) else {
      throw EditRefusal(
        "a forward pass would take \(macs) multiply-accumulates, more than \(limits.maximumMACs)")
    }
    return healed
  }
}
