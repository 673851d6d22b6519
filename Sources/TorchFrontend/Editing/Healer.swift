public import PythonSyntax

/// One thing that healing changed.
public struct HealingFix: Sendable, Hashable, Codable {
  /// What was changed, in one sentence.
  public var description: String
  /// Where, in the source as it was when the change was made.
  public var location: SourceLocation
  /// The lines that were changed, as they were; empty where lines were only added.
  public var before = ""
  /// What stands there now.
  public var after = ""

  /// A fix.
  public init(description: String, location: SourceLocation) {
    self.description = description
    self.location = location
  }

  /// The fix with the lines that differ between two texts.
  fileprivate func changing(_ old: String, to new: String) -> HealingFix {
    func lines(_ text: String) -> [Substring] {
      text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    }
    var (left, right) = (lines(old)[...], lines(new)[...])
    while let first = left.first, first == right.first {
      (left, right) = (left.dropFirst(), right.dropFirst())
    }
    while let last = left.last, last == right.last { (left, right) = (left.dropLast(), right.dropLast()) }
    // A change of the whole text is told by its description.
    let limit = 20
    var fix = self
    fix.before = left.prefix(limit).joined(separator: "\n") + (left.count > limit ? "\n…" : "")
    fix.after = right.prefix(limit).joined(separator: "\n") + (right.count > limit ? "\n…" : "")
    return fix
  }
}

extension HealingFix: CustomStringConvertible {}

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

/// Repairs what is often wrong with a network that a language model wrote.
///
/// A layer that was built for another extent gets the extent that shape inference found. A text that cannot be
/// parsed loses what stands around the program and an incomplete end, and gets its indentation put right. Missing
/// imports, a forgotten `super().__init__()` and a missing flatten are added. Beyond that, a fixed
/// `view(-1, 784)` in front of a linear layer becomes `flatten(1)`, and of two summands that differ in their
/// channels the one whose layer can be changed follows the other.
public struct Healer: Sendable {
  /// Compiles a source, and repairs and compiles it again as long as that helps.
  ///
  /// All compilations together may take four times the steps that one may.
  ///
  /// - Parameter maximumFixes: After how many changes it gives up.
  /// - Throws: What is wrong with the source as it was given, where it cannot be healed.
  public static func heal(
    _ source: String, options: CompilationOptions, maximumFixes: Int = 12
  ) throws(CompilationFailure) -> HealedNetwork {
    let failure: CompilationFailure
    var steps = 0
    do throws(CompilationFailure) {
      return try heal(source, options: options, maximumFixes: maximumFixes, keeping: [], spending: &steps)
    } catch {
      failure = error
    }
    // Where following what reaches a layer leads nowhere, what reaches it may be what is wrong.
    guard !failure.mismatches.isEmpty,
      let healed = try? heal(
        source, options: options, maximumFixes: maximumFixes, keeping: [], changesProducers: true,
        spending: &steps)
    else { throw failure }
    return healed
  }

  /// Heals without changing the widths of the layers held by those attributes of `self`, and adds to the steps
  /// what that takes.
  static func heal(
    _ source: String, options: CompilationOptions, maximumFixes: Int, keeping pinned: Set<String>,
    changesProducers: Bool = false, spending steps: inout Int
  ) throws(CompilationFailure) -> HealedNetwork {
    var text = source
    var fixes: [HealingFix] = []
    var seen: Set<String> = [source]
    var original: CompilationFailure?
    while true {
      let failure: CompilationFailure
      do throws(CompilationFailure) {
        let network = try NetworkCompiler.compile(text, options: options, spending: &steps)
        return HealedNetwork(source: text, network: network, fixes: fixes)
      } catch {
        failure = error
      }
      original = original ?? failure
      guard fixes.count < maximumFixes, steps < 4 * options.limits.steps else { throw original ?? failure }
      if failure.diagnostics.contains(where: { $0.identifier.hasPrefix("syntax.") && $0.origin == nil }) {
        guard let repaired = SourceRepairs.repaired(text), seen.insert(repaired.text).inserted else {
          throw original ?? failure
        }
        let location = failure.diagnostics.first?.location ?? SourceLocation(line: 1, column: 1)
        fixes.append(
          HealingFix(description: repaired.description, location: location).changing(text, to: repaired.text))
        text = repaired.text
        continue
      }
      var surgeon = Surgeon(text, failure, pinned: pinned, changesProducers: changesProducers)
      var isBetter = false
      while let next = surgeon.nextFix() {
        guard let healed = try? text.applying(next.edits), seen.insert(healed).inserted else { continue }
        fixes.append(next.fix.changing(text, to: healed))
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

  init(_ text: String, _ failure: CompilationFailure, pinned: Set<String>, changesProducers: Bool) {
    let source = SourceText(text)
    let scan = ClassScan(source, Parser.parse(text).module)
    for diagnostic in failure.diagnostics where diagnostic.severity == .error && diagnostic.origin == nil {
      add(HealingRepairs.missingImport(diagnostic, scan))
      add(HealingRepairs.missingSuper(diagnostic, scan))
      add(HealingRepairs.missingFlatten(diagnostic, scan))
    }
    if changesProducers {
      for mismatch in failure.mismatches { add(HealingRepairs.outerArgument(mismatch, scan)) }
      add(HealingRepairs.producer(failure.mismatches, scan))
    }
    for mismatch in failure.mismatches { add(HealingRepairs.extent(mismatch, scan)) }
    for diagnostic in failure.diagnostics where diagnostic.severity == .error && diagnostic.origin == nil {
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
