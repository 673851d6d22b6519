/// The same trees with other ranges: to compare trees by structure, or to move them.
extension Module {
  /// The module without source text, every range being 0 ..< 0: equal for texts that differ only in layout,
  /// comments and the spelling of literals.
  public func strippingRanges() -> Module {
    Module(source: "", body: body.map { $0.strippingRanges() })
  }

  /// Whether both say the same, wherever it stands.
  public func isStructurallyEqual(to other: Module) -> Bool {
    body.count == other.body.count
      && zip(body, other.body).allSatisfy { $0.strippingRanges() == $1.strippingRanges() }
  }
}

extension Statement {
  /// The statement with every range, also those within, being 0 ..< 0.
  public func strippingRanges() -> Statement { mappingRanges { _ in SourceRange(0, 0) } }

  /// The statement with every range, also those within, replaced by what `transform` makes of it.
  public func mappingRanges(_ transform: (SourceRange) -> SourceRange) -> Statement {
    Statement(kind.mappingRanges(transform), transform(range))
  }
}

extension Expression {
  /// The expression with every range, also those within, being 0 ..< 0.
  public func strippingRanges() -> Expression { mappingRanges { _ in SourceRange(0, 0) } }

  /// The expression with every range, also those within, replaced by what `transform` makes of it.
  public func mappingRanges(_ transform: (SourceRange) -> SourceRange) -> Expression {
    Expression(kind.mappingRanges(transform), transform(range))
  }
}

/// What `mappingRanges` applies to ranges.
private typealias Transform = (SourceRange) -> SourceRange

extension [Statement] {
  fileprivate func mapped(_ transform: Transform) -> [Statement] { map { $0.mappingRanges(transform) } }
}

extension [Expression] {
  fileprivate func mapped(_ transform: Transform) -> [Expression] { map { $0.mappingRanges(transform) } }
}

extension Expression? {
  fileprivate func mapped(_ transform: Transform) -> Expression? { map { $0.mappingRanges(transform) } }
}

extension [Argument] {
  fileprivate func mapped(_ transform: Transform) -> [Argument] {
    map { Argument($0.kind, $0.value.mappingRanges(transform), transform($0.range)) }
  }
}

extension [FormattedStringPart] {
  fileprivate func mapped(_ transform: Transform) -> [FormattedStringPart] {
    map { part in
      switch part {
      case .text: part
      case .value(let value, let conversion, let format):
        .value(value.mappingRanges(transform), conversion: conversion, format: format.mapped(transform))
      }
    }
  }
}

extension [ImportedName] {
  fileprivate func mapped(_ transform: Transform) -> [ImportedName] {
    map { ImportedName(name: $0.name, alias: $0.alias, range: transform($0.range)) }
  }
}

extension Parameters {
  fileprivate func mapped(_ transform: Transform) -> Parameters {
    Parameters(
      parameters.map {
        Parameter(
          name: $0.name, kind: $0.kind, annotation: $0.annotation.mapped(transform),
          defaultValue: $0.defaultValue.mapped(transform), range: transform($0.range))
      })
  }
}

extension Expression.Kind {
  fileprivate func mappingRanges(_ transform: Transform) -> Expression.Kind {
    switch self {
    case .name, .integer, .largeInteger, .float, .imaginary, .string, .bytes, .boolean, .none, .ellipsis:
      return self
    case .formattedString(let parts): return .formattedString(parts.mapped(transform))
    case .tuple(let elements): return .tuple(elements.mapped(transform))
    case .list(let elements): return .list(elements.mapped(transform))
    case .set(let elements): return .set(elements.mapped(transform))
    case .logical(let operation, let operands): return .logical(operation, operands.mapped(transform))
    case .starred(let value): return .starred(value.mappingRanges(transform))
    case .named(let name, let value): return .named(name, value.mappingRanges(transform))
    case .await(let value): return .await(value.mappingRanges(transform))
    case .yield(let value): return .yield(value.mapped(transform))
    case .yieldFrom(let value): return .yieldFrom(value.mappingRanges(transform))
    case .unary(let operation, let operand): return .unary(operation, operand.mappingRanges(transform))
    case .binary(let left, let operation, let right):
      return .binary(left.mappingRanges(transform), operation, right.mappingRanges(transform))
    case .subscript(let value, let index):
      return .subscript(value.mappingRanges(transform), index.mappingRanges(transform))
    default: return mappingRangesOfCompound(transform)
    }
  }

  /// The kinds with more parts; apart, as a debug build gives every case of a function room on the stack.
  private func mappingRangesOfCompound(_ transform: Transform) -> Expression.Kind {
    switch self {
    case .dictionary(let items):
      return .dictionary(
        items.map { DictionaryItem(key: $0.key.mapped(transform), value: $0.value.mappingRanges(transform)) })
    case .comparison(let first, let links):
      return .comparison(
        first.mappingRanges(transform),
        links.map { ComparisonLink(operation: $0.operation, operand: $0.operand.mappingRanges(transform)) })
    case .conditional(let test, let then, let orElse):
      return .conditional(
        test: test.mappingRanges(transform), then: then.mappingRanges(transform),
        orElse: orElse.mappingRanges(transform))
    case .lambda(let parameters, let body):
      return .lambda(parameters.mapped(transform), body.mappingRanges(transform))
    case .attribute(let value, let name, let range):
      return .attribute(value.mappingRanges(transform), name, transform(range))
    case .slice(let lower, let upper, let step):
      return .slice(
        lower: lower.mapped(transform), upper: upper.mapped(transform), step: step.mapped(transform))
    case .call(let function, let arguments):
      return .call(function.mappingRanges(transform), arguments.mapped(transform))
    case .comprehension(let kind, let element, let value, let clauses):
      return .comprehension(
        kind, element: element.mappingRanges(transform), value: value.mapped(transform),
        clauses: clauses.map {
          ComprehensionClause(
            target: $0.target.mappingRanges(transform), iterable: $0.iterable.mappingRanges(transform),
            conditions: $0.conditions.mapped(transform), isAsync: $0.isAsync)
        })
    default: return self
    }
  }
}

extension Statement.Kind {
  fileprivate func mappingRanges(_ transform: Transform) -> Statement.Kind {
    switch self {
    case .pass, .break, .continue, .global, .nonlocal: return self
    case .expression(let value): return .expression(value.mappingRanges(transform))
    case .assignment(let targets, let value):
      return .assignment(targets: targets.mapped(transform), value: value.mappingRanges(transform))
    case .augmentedAssignment(let target, let operation, let value):
      return .augmentedAssignment(
        target: target.mappingRanges(transform), operation: operation, value: value.mappingRanges(transform))
    case .annotatedAssignment(let target, let annotation, let value):
      return .annotatedAssignment(
        target: target.mappingRanges(transform), annotation: annotation.mappingRanges(transform),
        value: value.mapped(transform))
    case .return(let value): return .return(value.mapped(transform))
    case .raise(let value, let cause): return .raise(value.mapped(transform), cause: cause.mapped(transform))
    case .assert(let test, let message):
      return .assert(test.mappingRanges(transform), message: message.mapped(transform))
    case .delete(let targets): return .delete(targets.mapped(transform))
    case .import(let names): return .import(names.mapped(transform))
    case .importFrom(let module, let names, let level):
      return .importFrom(module: module, names: names.mapped(transform), level: level)
    case .typeAlias(let name, let value): return .typeAlias(name, value.mappingRanges(transform))
    default: return mappingRangesOfBlocks(transform)
    }
  }

  private func mappingRangesOfBlocks(_ transform: Transform) -> Statement.Kind {
    switch self {
    case .if(let test, let body, let orElse):
      return .if(
        test: test.mappingRanges(transform), body: body.mapped(transform), orElse: orElse.mapped(transform))
    case .while(let test, let body, let orElse):
      return .while(
        test: test.mappingRanges(transform), body: body.mapped(transform), orElse: orElse.mapped(transform))
    case .for(let target, let iterable, let body, let orElse):
      return .for(
        target: target.mappingRanges(transform), iterable: iterable.mappingRanges(transform),
        body: body.mapped(transform), orElse: orElse.mapped(transform))
    case .with(let items, let body):
      return .with(
        items: items.map {
          WithItem(context: $0.context.mappingRanges(transform), target: $0.target.mapped(transform))
        }, body: body.mapped(transform))
    case .try(let body, let handlers, let orElse, let finally):
      let mapped = handlers.map { handler in
        ExceptionHandler(
          type: handler.type.mapped(transform), name: handler.name, body: handler.body.mapped(transform),
          isGroup: handler.isGroup)
      }
      return .try(
        body: body.mapped(transform), handlers: mapped, orElse: orElse.mapped(transform),
        finally: finally.mapped(transform))
    case .match(let subject, let cases):
      return .match(
        subject: subject.mappingRanges(transform),
        cases: cases.map {
          MatchCase(
            pattern: $0.pattern.mappingRanges(transform),
            guardExpression: $0.guardExpression.mapped(transform),
            body: $0.body.mapped(transform))
        })
    case .function(var definition):
      definition.parameters = definition.parameters.mapped(transform)
      definition.returns = definition.returns.mapped(transform)
      definition.body = definition.body.mapped(transform)
      definition.decorators = definition.decorators.mapped(transform)
      definition.nameRange = transform(definition.nameRange)
      return .function(definition)
    case .class(var definition):
      definition.arguments = definition.arguments.mapped(transform)
      definition.body = definition.body.mapped(transform)
      definition.decorators = definition.decorators.mapped(transform)
      definition.nameRange = transform(definition.nameRange)
      return .class(definition)
    case .asynchronous(let statement): return .asynchronous(statement.mappingRanges(transform))
    default: return self
    }
  }
}

extension MatchCase.Pattern {
  fileprivate func mappingRanges(_ transform: Transform) -> MatchCase.Pattern {
    switch self {
    case .capture, .star: return self
    case .value(let value): return .value(value.mappingRanges(transform))
    case .sequence(let patterns): return .sequence(patterns.map { $0.mappingRanges(transform) })
    case .or(let patterns): return .or(patterns.map { $0.mappingRanges(transform) })
    case .as(let pattern, let name): return .as(pattern.mappingRanges(transform), name: name)
    case .mapping(let keys, let patterns, let rest):
      return .mapping(
        keys: keys.mapped(transform), patterns: patterns.map { $0.mappingRanges(transform) }, rest: rest)
    case .class(let type, let positional, let keywords):
      return .class(
        type.mappingRanges(transform), positional: positional.map { $0.mappingRanges(transform) },
        keywords: keywords.map {
          MatchCase.KeywordPattern(name: $0.name, pattern: $0.pattern.mappingRanges(transform))
        })
    }
  }
}
