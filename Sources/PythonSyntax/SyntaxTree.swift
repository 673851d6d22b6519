/// A parsed Python module: its statements and the text they came from.
public struct Module: Sendable {
  /// The text, as it was parsed.
  public var source: String
  /// The statements at the top level.
  public var body: [Statement]

  /// A module of those statements.
  public init(source: String, body: [Statement]) {
    self.source = source
    self.body = body
  }
}

/// A statement and where it stands.
public struct Statement: Sendable, Hashable {
  /// What it says.
  public var kind: Kind
  /// Where it stands, from its first to behind its last token (without the line end).
  public var range: SourceRange

  /// A statement of that kind at that place.
  public init(_ kind: Kind, _ range: SourceRange) {
    self.kind = kind
    self.range = range
  }

  /// Python's statements (the language reference, chapters 7 and 8).
  public indirect enum Kind: Sendable, Hashable {
    case expression(Expression)
    /// `a = b = value`: the targets in order.
    case assignment(targets: [Expression], value: Expression)
    case augmentedAssignment(target: Expression, operation: BinaryOperator, value: Expression)
    /// `target: annotation` with or without `= value`.
    case annotatedAssignment(target: Expression, annotation: Expression, value: Expression?)
    case `return`(Expression?)
    case pass
    case `break`
    case `continue`
    case raise(Expression?, cause: Expression?)
    case assert(Expression, message: Expression?)
    case delete([Expression])
    case global([String])
    case nonlocal([String])
    case `import`([ImportedName])
    /// `from module import names`; `level` is the number of leading dots, and empty names mean `*`.
    case importFrom(module: String, names: [ImportedName], level: Int)
    /// `if`; an `elif` is an `if` alone in `orElse`.
    case `if`(test: Expression, body: [Statement], orElse: [Statement])
    case `while`(test: Expression, body: [Statement], orElse: [Statement])
    case `for`(target: Expression, iterable: Expression, body: [Statement], orElse: [Statement])
    case with(items: [WithItem], body: [Statement])
    case `try`(body: [Statement], handlers: [ExceptionHandler], orElse: [Statement], finally: [Statement])
    case match(subject: Expression, cases: [MatchCase])
    case function(FunctionDefinition)
    case `class`(ClassDefinition)
    /// `type Name = value`, which means nothing at run time to us.
    case typeAlias(String, Expression)
    /// `async for` or `async with`: the statement behind `async`.
    case asynchronous(Statement)
  }
}

/// One name of an import: `a.b as c`.
public struct ImportedName: Sendable, Hashable {
  /// The dotted name.
  public var name: String
  /// The name behind `as`.
  public var alias: String?
  /// Where it stands.
  public var range: SourceRange

  /// An imported name.
  public init(name: String, alias: String?, range: SourceRange) {
    self.name = name
    self.alias = alias
    self.range = range
  }
}

/// One item of `with`: `context as target`.
public struct WithItem: Sendable, Hashable {
  /// The context manager.
  public var context: Expression
  /// What it is bound to.
  public var target: Expression?

  /// An item.
  public init(context: Expression, target: Expression?) {
    self.context = context
    self.target = target
  }
}

/// One `except` clause.
public struct ExceptionHandler: Sendable, Hashable {
  /// The exception class, or nil for a bare `except:`.
  public var type: Expression?
  /// The name behind `as`.
  public var name: String?
  /// The statements.
  public var body: [Statement]
  /// Whether it is `except*` (PEP 654), which all clauses of a `try` are or none.
  public var isGroup: Bool

  /// A clause.
  public init(type: Expression?, name: String?, body: [Statement], isGroup: Bool = false) {
    self.type = type
    self.name = name
    self.body = body
    self.isGroup = isGroup
  }
}

/// One `case` of `match`.
public struct MatchCase: Sendable, Hashable {
  /// What the subject must look like.
  public var pattern: Pattern
  /// The condition behind `if`.
  public var guardExpression: Expression?
  /// The statements.
  public var body: [Statement]

  /// A case.
  public init(pattern: Pattern, guardExpression: Expression?, body: [Statement]) {
    self.pattern = pattern
    self.guardExpression = guardExpression
    self.body = body
  }

  /// Python's patterns (PEP 634).
  public indirect enum Pattern: Sendable, Hashable {
    /// A literal or dotted name, compared by value.
    case value(Expression)
    /// A name that takes the subject; nil is the wildcard `_`.
    case capture(String?)
    case sequence([Pattern])
    /// `*rest` within a sequence; nil is `*_`.
    case star(String?)
    case mapping(keys: [Expression], patterns: [Pattern], rest: String?)
    case `class`(Expression, positional: [Pattern], keywords: [KeywordPattern])
    case or([Pattern])
    case `as`(Pattern, name: String)
  }

  /// `name=pattern` within a class pattern.
  public struct KeywordPattern: Sendable, Hashable {
    /// The attribute's name.
    public var name: String
    /// What it must look like.
    public var pattern: Pattern

    /// A keyword pattern.
    public init(name: String, pattern: Pattern) {
      self.name = name
      self.pattern = pattern
    }
  }
}

/// A `def`.
public struct FunctionDefinition: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// Its parameters.
  public var parameters: Parameters
  /// The annotation behind `->`.
  public var returns: Expression?
  /// Its statements.
  public var body: [Statement]
  /// Its decorators, outermost first.
  public var decorators: [Expression]
  /// Whether it is `async`.
  public var isAsync: Bool
  /// Whether it has a `yield` of its own.
  public var isGenerator: Bool
  /// Where its name stands.
  public var nameRange: SourceRange

  /// A function definition.
  public init(
    name: String, parameters: Parameters, returns: Expression?, body: [Statement], decorators: [Expression],
    isAsync: Bool, isGenerator: Bool = false, nameRange: SourceRange
  ) {
    self.name = name
    self.parameters = parameters
    self.returns = returns
    self.body = body
    self.decorators = decorators
    self.isAsync = isAsync
    self.isGenerator = isGenerator
    self.nameRange = nameRange
  }
}

/// A `class`.
public struct ClassDefinition: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// Bases and keywords, as written in the parentheses.
  public var arguments: [Argument]
  /// Its statements.
  public var body: [Statement]
  /// Its decorators, outermost first.
  public var decorators: [Expression]
  /// Where its name stands.
  public var nameRange: SourceRange

  /// A class definition.
  public init(
    name: String, arguments: [Argument], body: [Statement], decorators: [Expression], nameRange: SourceRange
  ) {
    self.name = name
    self.arguments = arguments
    self.body = body
    self.decorators = decorators
    self.nameRange = nameRange
  }
}

/// The parameters of a function or lambda, in order.
public struct Parameters: Sendable, Hashable {
  /// One parameter.
  public struct Parameter: Sendable, Hashable {
    /// How arguments reach it.
    public enum Kind: Sendable, Hashable {
      case positionalOnly, positionalOrKeyword, variadicPositional, keywordOnly, variadicKeyword
    }

    /// Its name.
    public var name: String
    /// How arguments reach it.
    public var kind: Kind
    /// Its annotation.
    public var annotation: Expression?
    /// Its default.
    public var defaultValue: Expression?
    /// Where it stands.
    public var range: SourceRange

    /// A parameter.
    public init(
      name: String, kind: Kind, annotation: Expression?, defaultValue: Expression?, range: SourceRange
    ) {
      self.name = name
      self.kind = kind
      self.annotation = annotation
      self.defaultValue = defaultValue
      self.range = range
    }
  }

  /// The parameters in the order written.
  public var parameters: [Parameter]

  /// Those parameters.
  public init(_ parameters: [Parameter] = []) {
    self.parameters = parameters
  }
}
