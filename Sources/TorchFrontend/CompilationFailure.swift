public import PythonSyntax

/// Why a source is not a network: at least one error, with line and column.
public struct CompilationFailure: Error, Sendable, Hashable {
  /// What is wrong, in the order of the source; at least one is an error.
  public var diagnostics: [Diagnostic]
  /// The layers that were built for another extent than what reaches them, where that is what is wrong.
  public var mismatches: [ShapeMismatch]

  /// A failure.
  public init(diagnostics: [Diagnostic], mismatches: [ShapeMismatch] = []) {
    self.diagnostics = diagnostics
    self.mismatches = mismatches
  }
}

extension CompilationFailure: CustomStringConvertible {
  /// The diagnostics, one a line.
  public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// A layer built for another extent than what reaches it; what healing needs to know.
public struct ShapeMismatch: Sendable, Hashable {
  /// Where the module stands, such as `features.3`.
  public var modulePath: String
  /// Its class, such as `Linear`.
  public var moduleType: String
  /// The constructor's parameter that is wrong, such as `in_channels`.
  public var argumentName: String
  /// Where the argument's value stands in the source; nil where it was left out or unpacked.
  public var argumentRange: SourceRange?
  /// The call that built the module.
  public var constructionRange: SourceRange
  /// What the argument was.
  public var constructedWith: Int
  /// What it would have to be.
  public var required: Int
  /// How many modules that very call built, as in a loop.
  public var constructionCount: Int

  /// A mismatch.
  public init(
    modulePath: String, moduleType: String, argumentName: String, argumentRange: SourceRange?,
    constructionRange: SourceRange, constructedWith: Int, required: Int, constructionCount: Int
  ) {
    self.modulePath = modulePath
    self.moduleType = moduleType
    self.argumentName = argumentName
    self.argumentRange = argumentRange
    self.constructionRange = constructionRange
    self.constructedWith = constructedWith
    self.required = required
    self.constructionCount = constructionCount
  }
}
