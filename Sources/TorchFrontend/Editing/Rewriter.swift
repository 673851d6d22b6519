import NetworkGraph
import PythonSyntax
public import RandomStreams

/// Rewrites a network as a prompt asks, by editing its text: an operator of its own right, without a language model.
///
/// An instruction becomes a list of possible edits in random order; the first one that gives another network that
/// compiles is taken. The results depend on nothing but the arguments and the stream.
public struct Rewriter: Sendable {
  /// Rewrites a network.
  ///
  /// - Parameters:
  ///   - source: The parent; it must compile.
  ///   - instruction: What to do.
  ///   - partner: The second parent of `combine`; ignored otherwise.
  ///   - options: What the networks are compiled for.
  ///   - limits: How large the network may become.
  ///   - stream: Where the random choices come from.
  /// - Returns: A network that differs from the parent by its canonical hash, or by its dropouts.
  /// - Throws: `RewriteFailure` where a parent does not compile or nothing that was tried gives another network.
  public static func rewrite(
    _ source: String, instruction: RewriteInstruction, partner: String?, options: CompilationOptions,
    limits: EditLimits = .standard, stream: inout RandomStream
  ) throws(RewriteFailure) -> Rewriting {
    let map: NetworkMap
    do throws(CompilationFailure) {
      map = try NetworkMap(source, options: options)
    } catch {
      throw .parent(error)
    }
    if instruction == .combine {
      guard let partner else { throw .missingPartner }
      let other: NetworkMap
      do throws(CompilationFailure) {
        other = try NetworkMap(partner, options: options)
      } catch {
        throw .partner(error)
      }
      return try Combiner.combine(map, other, limits, stream: &stream)
    }
    var attempt = RewriteAttempt(map, limits)
    attempt.run(instruction, &stream)
    guard attempt.hasChanged else {
      throw .nothingApplies(instruction: instruction, reasons: attempt.reasons)
    }
    return attempt.rewriting
  }
}

extension NetworkMap {
  /// What tells networks apart: the canonical hash, and the dropouts, which an evaluation graph does not show.
  var identity: [String] {
    [network.graph.canonicalHash]
      + layers.filter { $0.type.contains("Dropout") }.map {
        "\($0.order) \(source[$0.call.expression.range])"
      }
  }
}

/// A network on its way through the edits of one instruction.
struct RewriteAttempt {
  private(set) var map: NetworkMap
  let limits: EditLimits
  private let parentIdentity: [String]
  private var sentences: [String] = []
  private var fixes: [HealingFix] = []
  private(set) var reasons: [String] = []
  private(set) var hasChanged = false

  init(_ map: NetworkMap, _ limits: EditLimits) {
    self.map = map
    self.limits = limits
    parentIdentity = map.identity
  }

  var rewriting: Rewriting {
    Rewriting(source: map.source.string, description: sentences.joined(separator: " "), fixes: fixes)
  }

  /// Applies the first of the edits that gives another network.
  ///
  /// - Returns: Whether one did.
  mutating func first(of edits: [NetworkEdit], atMost tries: Int = 24) -> Bool {
    for edit in edits.prefix(tries) where step(edit) { return true }
    return false
  }

  /// Applies an edit, if it gives another network.
  mutating func step(_ edit: NetworkEdit) -> Bool {
    do throws(EditRefusal) {
      let draft = try EditDraft(edit, map, limits)
      let finished = try NetworkEditor.finish(draft, map, limits)
      guard finished.map.identity != map.identity else { throw EditRefusal("it changes nothing") }
      accept(finished.healed, finished.map, draft.sentence)
      return true
    } catch {
      note("\(edit): \(error.reason)")
      return false
    }
  }

  /// Takes a text as it is, if it gives another network.
  mutating func step(_ text: String, _ sentence: String) -> Bool {
    do throws(EditRefusal) {
      let healed = try NetworkEditor.check(text, map, limits)
      let next = NetworkMap(healed.source, healed.network, options: map.options)
      guard next.identity != map.identity else { throw EditRefusal("it changes nothing") }
      accept(healed, next, sentence)
      return true
    } catch {
      note("\(sentence) \(error.reason)")
      return false
    }
  }

  private mutating func accept(_ healed: HealedNetwork, _ next: NetworkMap, _ sentence: String) {
    map = next
    sentences.append(sentence)
    fixes += healed.fixes
    hasChanged = map.identity != parentIdentity
  }

  mutating func note(_ reason: String) {
    if reasons.count < 40 { reasons.append(reason) }
  }
}
