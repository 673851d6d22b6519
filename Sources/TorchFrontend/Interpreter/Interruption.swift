import PythonSyntax

/// How an evaluation stops short.
enum Interruption: Error {
  /// A Python exception, which the source may catch.
  case raised(RaisedException)
  /// A limit was met or something is not supported, which the source may not catch.
  case refused(Refusal)
}

/// A Python exception under way.
///
/// Errors must be `Sendable`; this one and the values it refers to never leave the interpreter's thread.
final class RaisedException: @unchecked Sendable {
  /// The exception object.
  let instance: PythonInstance
  /// Where it was raised.
  let range: SourceRange?
  /// The diagnostic's stable identifier.
  let identifier: String
  /// What to do about it.
  var hint: String?
  /// The layer that was built for another extent, where that is the reason.
  var mismatch: ShapeMismatch?
  /// What happened, in terms of the network; the exception's own text stays PyTorch's.
  var explanation: String?
  /// The path of the module that was being run.
  var modulePath = ""
  /// The layer itself.
  var module: PythonInstance?

  init(
    _ instance: PythonInstance, range: SourceRange?, identifier: String, hint: String? = nil,
    mismatch: ShapeMismatch? = nil
  ) {
    self.instance = instance
    self.range = range
    self.identifier = identifier
    self.hint = hint
    self.mismatch = mismatch
  }
}

/// Why the interpreter will not go on.
final class Refusal: Sendable {
  /// What is reported.
  let diagnostic: Diagnostic
  /// Whether a limit was met, after which nothing else is tried.
  let isExhaustion: Bool

  init(_ diagnostic: Diagnostic, isExhaustion: Bool) {
    self.diagnostic = diagnostic
    self.isExhaustion = isExhaustion
  }
}

/// How a statement ends.
enum Flow {
  case normal
  case `break`
  case `continue`
  case `return`(PythonValue)
}

/// Python's built-in exceptions that we raise ourselves.
enum ExceptionKind: String {
  case attributeError = "AttributeError"
  case assertionError = "AssertionError"
  case importError = "ImportError"
  case moduleNotFoundError = "ModuleNotFoundError"
  case indexError = "IndexError"
  case keyError = "KeyError"
  case nameError = "NameError"
  case frozenInstanceError = "FrozenInstanceError"
  case notImplementedError = "NotImplementedError"
  case overflowError = "OverflowError"
  case recursionError = "RecursionError"
  case runtimeError = "RuntimeError"
  case stopIteration = "StopIteration"
  case typeError = "TypeError"
  case unboundLocalError = "UnboundLocalError"
  case valueError = "ValueError"
  case zeroDivisionError = "ZeroDivisionError"
}

extension ExceptionKind {
  /// The diagnostic's stable identifier, such as `python.name-error`.
  var identifier: String {
    var result = "python."
    for (index, character) in rawValue.enumerated() {
      if character.isUppercase, index > 0 { result += "-" }
      result += character.lowercased()
    }
    return result
  }
}
