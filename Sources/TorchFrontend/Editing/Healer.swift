public import PythonSyntax

/// One thing that healing changed.
public struct HealingFix: Sendable, Hashable, Codable {
  /// What was changed, in one sentence.
  public var description: String
  /// Where, in the source as it was when the change was made.
  public var location: SourceLocation

  /// A fix.
  public init(description: String, location: SourceLocation) {
    self.description = description
    self.location = location
  }
}

/// A source that compiles, and what it took to get there.
public struct HealedNetwork: Sendable {
  /// The source with the fixes.
  public var source: String
  /// What it compiles to.
  public var network: CompiledNetwork
  /// What was changed; empty where the source compiled as it was.
  public var fixes: [HealingFix]

  /// A healed network.
  public init(source: String, network: CompiledNetwork, fixes: [HealingFix]) {
    self.source = source
    self.network = network
    self.fixes = fixes
  }
}

/// Repairs channel and feature counts that do not fit what reaches a layer.
///
/// A layer that was built for another extent gets the extent that shape inference found. Beyond that, a fixed
/// `view(-1, 784)` in front of a linear layer becomes `flatten(1)`, and of two summands that differ in their
/// channels the one whose layer can be changed follows the other.
public struct Healer: Sendable {
  /// Compiles a source, and repairs and compiles it again as long as that helps.
  ///
  /// - Parameter maximumFixes: After how many changes it gives up.
  /// - Throws: What is wrong with the source as it was given, where it cannot be healed.
  public static func heal(
    _ source: String, options: CompilationOptions, maximumFixes: Int = 12
  ) throws(CompilationFailure) -> HealedNetwork {
    try heal(source, options: options, maximumFixes: maximumFixes, keeping: [])
  }

  /// Heals without changing the widths of the layers held by those attributes of `self`.
  static func heal(
    _ source: String, options: CompilationOptions, maximumFixes: Int, keeping pinned: Set<String>
  ) throws(CompilationFailure) -> HealedNetwork {
    var text = source
    var fixes: [HealingFix] = []
    var seen: Set<String> = [source]
    var original: CompilationFailure?
    while true {
      let failure: CompilationFailure
      do throws(CompilationFailure) {
        let network = try NetworkCompiler.compile(text, options: options)
        return HealedNetwork(source: text, network: network, fixes: fixes)
      } catch {
        failure = error
      }
      original = original ?? failure
      guard fixes.count < maximumFixes else { throw original ?? failure }
      var surgeon = Surgeon(text, failure, pinned: pinned)
      var isBetter = false
      while let next = surgeon.nextFix() {
        guard let healed = try? text.applying(next.edits), seen.insert(healed).inserted else { continue }
        fixes.append(next.fix)
        text = healed
        isBetter = true
        break
      }
      guard isBetter else { throw original ?? failure }
    }
  }
}

/// Finds what could repair one failure, the most certain repair first.
private struct Surgeon {
  private var pending: [(edits: [TextEdit], fix: HealingFix)] = []

  init(_ text: String, _ failure: CompilationFailure, pinned: Set<String>) {
    let source = SourceText(text)
    let scan = ClassScan(source, Parser.parse(text).module)
    for mismatch in failure.mismatches { add(HealingRepairs.extent(mismatch, scan)) }
    for diagnostic in failure.diagnostics where diagnostic.severity == .error {
      guard let range = diagnostic.range else { continue }
      for repair in HealingRepairs.summands(at: range, diagnostic.message, scan, pinned: pinned) {
        add(repair)
      }
    }
    add(HealingRepairs.views(scan))
    pending.reverse()
  }

  private mutating func add(_ repair: HealingRepairs.Repair?) {
    if let repair { pending.append((repair.edits, repair.fix)) }
  }

  mutating func nextFix() -> (edits: [TextEdit], fix: HealingFix)? { pending.popLast() }
}
