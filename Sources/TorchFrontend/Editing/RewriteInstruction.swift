import PythonSyntax

/// What the rewriter is asked to do; together they cover LLMatic's prompts (Nasir et al., GECCO 2024).
public enum RewriteInstruction: String, CaseIterable, Sendable, Hashable, Codable {
  /// Add a layer of any kind.
  case addLayer
  /// Delete a layer.
  case deleteLayer
  /// Make any change that is likely to help.
  case improve
  /// Reduce the size drastically.
  case shrink
  /// Increase the size drastically.
  case grow
  /// Add a fully connected layer.
  case addFullyConnected
  /// Add a convolution.
  case addConvolution
  /// Add a pooling layer.
  case addPooling
  /// Add a residual connection.
  case addResidual
  /// Add several residual connections.
  case addResiduals
  /// Add a dropout layer.
  case addDropout
  /// Add a normalisation layer.
  case addNormalization
  /// Make a layer wider.
  case widen
  /// Make a layer narrower.
  case narrow
  /// Add several layers.
  case deepen
  /// Take several layers away.
  case flatten
  /// Make a third network of two.
  case combine
}

/// What a rewriting made.
public struct Rewriting: Sendable, Hashable {
  /// The new source; it compiles.
  public var source: String
  /// What was done, in one or a few sentences.
  public var description: String
  /// What healing changed on the way.
  public var fixes: [HealingFix]

  /// A rewriting.
  public init(source: String, description: String, fixes: [HealingFix]) {
    self.source = source
    self.description = description
    self.fixes = fixes
  }
}

/// Why nothing could be rewritten.
public enum RewriteFailure: Error, Sendable {
  /// The parent itself does not compile.
  case parent(CompilationFailure)
  /// `combine` was asked for without a second parent.
  case missingPartner
  /// The second parent does not compile.
  case partner(CompilationFailure)
  /// None of the changes that were tried gave another network that compiles; the last reasons are kept.
  case nothingApplies(instruction: RewriteInstruction, reasons: [String])
}

extension RewriteFailure: CustomStringConvertible {
  /// One sentence for a person.
  public var description: String {
    switch self {
    case .parent(let failure): "the parent does not compile: \(Self.first(failure))"
    case .missingPartner: "combining needs a second parent"
    case .partner(let failure): "the second parent does not compile: \(Self.first(failure))"
    case .nothingApplies(let instruction, let reasons):
      "nothing to do for \(instruction.rawValue)" + (reasons.last.map { ": \($0)" } ?? "")
    }
  }

  private static func first(_ failure: CompilationFailure) -> String {
    failure.diagnostics.first?.description ?? "no reason given"
  }
}
