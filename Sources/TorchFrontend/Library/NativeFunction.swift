import PythonSyntax

/// A function of the library.
final class NativeFunction: Sendable {
  typealias Body = @Sendable (NativeCall) throws(Interruption) -> PythonValue

  /// What it is called in messages, such as `torch.cat`.
  let name: String
  let signature: Signature
  let body: Body

  init(_ name: String, _ signature: String, _ body: @escaping Body) {
    self.name = name
    self.signature = Signature(signature)
    self.body = body
  }

  /// The name without its module.
  var shortName: String { name.split(separator: ".").last.map(String.init) ?? name }
}

/// The arguments of a call, and where they stand.
struct Arguments {
  var positional: [PythonValue] = []
  var keywords: [(name: String, value: PythonValue)] = []
  var site: CallSite?

  init(
    _ positional: [PythonValue] = [], keywords: [(name: String, value: PythonValue)] = [],
    site: CallSite? = nil
  ) {
    self.positional = positional
    self.keywords = keywords
    self.site = site
  }

  /// The arguments with a receiver in front.
  func prepending(_ receiver: PythonValue) -> Arguments {
    var result = self
    result.positional.insert(receiver, at: 0)
    result.site?.shift += 1
    return result
  }
}

/// A call expression of the source.
struct CallSite {
  var range: SourceRange
  var arguments: [Argument]
  /// How many positional arguments were put in front of those written.
  var shift = 0

  init(range: SourceRange, arguments: [Argument]) {
    self.range = range
    self.arguments = arguments
  }

  /// Where the value of the positional argument stands; nil where it was unpacked.
  func range(ofPosition position: Int) -> SourceRange? {
    let index = position - shift
    guard index >= 0, index < arguments.count else { return nil }
    for argument in arguments[...index] where argument.kind != .positional { return nil }
    return arguments[index].value.range
  }

  /// Where the value of the keyword argument stands; nil where it was unpacked.
  func range(ofKeyword name: String) -> SourceRange? {
    arguments.first { $0.kind == .keyword(name) }?.value.range
  }
}

/// A call of a library function with its arguments bound to the parameters.
struct NativeCall {
  let interpreter: Interpreter
  let function: NativeFunction
  /// One per parameter.
  let values: [PythonValue]
  /// Which parameters were given.
  let isGiven: [Bool]
  /// Positional arguments beyond the parameters.
  let rest: [PythonValue]
  /// Keyword arguments beyond the parameters.
  let restKeywords: [(name: String, value: PythonValue)]
  let site: CallSite?
  /// Where the value of each parameter stands, where it was written.
  let ranges: [SourceRange?]
  /// The layer that applies the function with its attributes as arguments.
  var module: PythonInstance?

  subscript(index: Int) -> PythonValue { values[index] }

  subscript(name: String) -> PythonValue {
    guard let index = function.signature.index(of: name) else {
      preconditionFailure("\(function.name) has no parameter \(name)")
    }
    return values[index]
  }

  func isGiven(_ name: String) -> Bool { function.signature.index(of: name).map { isGiven[$0] } ?? false }
}

extension Interpreter {
  /// Calls a library function.
  func call(_ function: NativeFunction, _ arguments: Arguments) throws(Interruption) -> PythonValue {
    try spend(1)
    let call = try bind(function, arguments)
    activeFunction = function
    return try function.body(call)
  }

  /// Binds arguments to parameters as Python does.
  func bind(_ function: NativeFunction, _ arguments: Arguments) throws(Interruption) -> NativeCall {
    let signature = function.signature
    let parameters = signature.parameters
    var values = parameters.map { $0.defaultValue?.value ?? PythonValue.none }
    var isGiven = [Bool](repeating: false, count: parameters.count)
    var ranges = [SourceRange?](repeating: nil, count: parameters.count)
    var rest: [PythonValue] = []
    var restKeywords: [(name: String, value: PythonValue)] = []
    for (position, value) in arguments.positional.enumerated() {
      if position < signature.positionalCount {
        values[position] = value
        isGiven[position] = true
        ranges[position] = arguments.site?.range(ofPosition: position)
      } else if signature.takesPositional {
        rest.append(value)
      } else {
        let count = signature.positionalCount
        throw raise(
          .typeError,
          "\(function.shortName)() takes \(count) positional argument\(count == 1 ? "" : "s") but "
            + "\(arguments.positional.count) were given")
      }
    }
    for (name, value) in arguments.keywords {
      if let index = signature.index(of: name) ?? Signature.aliases[name].flatMap(signature.index(of:)) {
        guard !isGiven[index] else {
          throw raise(.typeError, "\(function.shortName)() got multiple values for argument '\(name)'")
        }
        values[index] = value
        isGiven[index] = true
        ranges[index] = arguments.site?.range(ofKeyword: name)
      } else if signature.takesKeywords {
        restKeywords.append((name, value))
      } else {
        throw raise(
          .typeError, "\(function.shortName)() got an unexpected keyword argument '\(name)'",
          hint: suggestion(for: name, among: parameters.map(\.name)))
      }
    }
    for index in parameters.indices where !isGiven[index] && parameters[index].defaultValue == nil {
      throw raise(
        .typeError, "\(function.shortName)() missing required argument: '\(parameters[index].name)'")
    }
    return NativeCall(
      interpreter: self, function: function, values: values, isGiven: isGiven, rest: rest,
      restKeywords: restKeywords, site: arguments.site, ranges: ranges)
  }
}
