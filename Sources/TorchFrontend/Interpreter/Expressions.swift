import PythonSyntax

extension Interpreter {
  /// The value of an expression.
  func evaluate(_ expression: Expression, _ scope: Scope) throws(Interruption) -> PythonValue {
    try spend(1)
    switch expression.kind {
    case .name(let name):
      if let value = scope.variables[name], scope.globals.isEmpty { return value }
      currentRange = expression.range
      return try lookUp(name, scope)
    case .integer(let value): return .int(value)
    case .float(let value): return .float(value)
    case .string(let value): return .string(value)
    case .boolean(let value): return .bool(value)
    case .none: return .none
    case .ellipsis: return .ellipsis
    default: break
    }
    try enter()
    defer { leave() }
    return try evaluateCompound(expression, scope)
  }

  private func evaluateCompound(
    _ expression: Expression, _ scope: Scope
  ) throws(Interruption) -> PythonValue {
    switch expression.kind {
    case .call(let callee, let arguments):
      return try evaluateCall(callee, arguments, expression.range, scope)
    case .attribute(let base, let name, let nameRange):
      let value = try evaluate(base, scope)
      currentRange = nameRange
      return try attribute(name, of: value)
    case .binary(let left, let operation, let right):
      let a = try evaluate(left, scope)
      let b = try evaluate(right, scope)
      currentRange = expression.range
      return try binary(operation, a, b)
    case .subscript(let base, let index):
      let value = try evaluate(base, scope)
      let key = try evaluate(index, scope)
      currentRange = expression.range
      return try item(value, key)
    case .unary(let operation, let operand):
      let value = try evaluate(operand, scope)
      currentRange = expression.range
      return try unary(operation, value)
    case .logical(let operation, let operands): return try evaluateLogical(operation, operands, scope)
    case .comparison(let first, let links):
      return try evaluateComparison(first, links, expression.range, scope)
    case .conditional(let test, let then, let orElse):
      return try isTrue(try evaluate(test, scope)) ? try evaluate(then, scope) : try evaluate(orElse, scope)
    case .tuple(let elements): return try tuple(try evaluateElements(elements, scope))
    case .list(let elements): return try list(try evaluateElements(elements, scope))
    case .set(let elements): return try set(of: try evaluateElements(elements, scope))
    case .dictionary(let items): return try evaluateDictionary(items, scope)
    case .lambda(let parameters, let body):
      return .function(
        try makeFunction(
          name: "<lambda>", parameters: parameters, body: .expression(body), isGenerator: false, locals: [],
          scope))
    case .comprehension(let kind, let element, let value, let clauses):
      return try evaluateComprehension(kind, element, value, clauses, scope)
    case .formattedString(let parts): return try string(try evaluateFormatted(parts, scope))
    case .slice(let lower, let upper, let step):
      let parts = (
        try evaluateOptional(lower, scope), try evaluateOptional(upper, scope),
        try evaluateOptional(step, scope)
      )
      try reserve(2)
      return .slice(heap.adopt(PythonSlice(start: parts.0, stop: parts.1, step: parts.2)))
    case .named(let name, let operand):
      let value = try evaluate(operand, scope)
      bindWalrus(name, value, scope)
      return value
    case .yield, .yieldFrom:
      currentRange = expression.range
      throw unsupported(
        "yield within a larger expression is not supported", hint: "assign what it yields to a name first")
    case .largeInteger:
      currentRange = expression.range
      throw exhausted("an integer beyond 64 bits is not supported", "limit.integer")
    case .starred:
      currentRange = expression.range
      throw raise(.typeError, "can't use starred expression here")
    case .imaginary:
      currentRange = expression.range
      throw unsupported("complex numbers are not supported")
    case .bytes(let bytes):
      return try string(String(decoding: bytes, as: UTF8.self))
    case .await:
      currentRange = expression.range
      throw unsupported("await is not supported")
    case .name, .integer, .float, .string, .boolean, .none, .ellipsis:
      return try evaluate(expression, scope)
    }
  }

  private func evaluateOptional(
    _ expression: Expression?, _ scope: Scope
  ) throws(Interruption) -> PythonValue {
    guard let expression else { return .none }
    return try evaluate(expression, scope)
  }

  /// The elements of a display, with `*` unpacked.
  func evaluateElements(
    _ expressions: [Expression], _ scope: Scope
  ) throws(Interruption) -> [PythonValue] {
    var values: [PythonValue] = []
    values.reserveCapacity(expressions.count)
    for expression in expressions {
      if case .starred(let inner) = expression.kind {
        let more = try elements(of: try evaluate(inner, scope))
        try reserve(more.count)
        values += more
      } else {
        values.append(try evaluate(expression, scope))
      }
    }
    return values
  }

  private func evaluateDictionary(
    _ items: [DictionaryItem], _ scope: Scope
  ) throws(Interruption) -> PythonValue {
    let result = try dictionary()
    for item in items {
      if let key = item.key {
        let key = try evaluate(key, scope)
        try set(key, try evaluate(item.value, scope), in: result)
      } else {
        for (key, value) in try mappingItems(try evaluate(item.value, scope)) {
          try set(key, value, in: result)
        }
      }
    }
    return .dict(result)
  }

  private func evaluateLogical(
    _ operation: LogicalOperator, _ operands: [Expression], _ scope: Scope
  ) throws(Interruption) -> PythonValue {
    var value = PythonValue.none
    for (index, operand) in operands.enumerated() {
      value = try evaluate(operand, scope)
      if index < operands.count - 1 {
        currentRange = operand.range
        if try isTrue(value) == (operation == .or) { return value }
      }
    }
    return value
  }

  private func evaluateComparison(
    _ first: Expression, _ links: [ComparisonLink], _ range: SourceRange, _ scope: Scope
  ) throws(Interruption) -> PythonValue {
    var left = try evaluate(first, scope)
    var result = PythonValue.bool(true)
    for (index, link) in links.enumerated() {
      let right = try evaluate(link.operand, scope)
      currentRange = range
      result = try compare(link.operation, left, right)
      if index < links.count - 1, try !isTrue(result) { return result }
      left = right
    }
    return result
  }

  // MARK: Names

  func lookUp(_ name: String, _ scope: Scope) throws(Interruption) -> PythonValue {
    if !scope.globals.contains(name) {
      if let value = scope.variables[name] { return value }
      if scope.locals.contains(name), !scope.nonlocals.contains(name) {
        throw raise(
          .unboundLocalError,
          "cannot access local variable '\(name)' where it is not associated with a value")
      }
      var enclosing = scope.parent
      while let candidate = enclosing {
        if candidate.kind != .classBody, let value = candidate.variables[name] { return value }
        enclosing = candidate.parent
      }
    }
    if let value = scope.module.variables[name] { return value }
    if let entry = library.entry("builtins." + name) { return value(of: entry) }
    let known = Self.usualImports[name]
    throw raise(
      .nameError, "name '\(name)' is not defined",
      hint: known.map { "add the line: \($0)" }
        ?? suggestion(for: name, among: Array(scope.variables.keys) + Array(scope.module.variables.keys))
        ?? unknownStars.last.map { "it may be one of the names of \($0), which are unknown here" })
  }

  /// Imports that sources often forget.
  static let usualImports = [
    "nn": "import torch.nn as nn", "torch": "import torch", "F": "import torch.nn.functional as F",
    "math": "import math", "OrderedDict": "from collections import OrderedDict", "np": "import numpy as np",
    "partial": "from functools import partial", "List": "from typing import List",
    "Optional": "from typing import Optional", "init": "from torch.nn import init",
    "Tuple": "from typing import Tuple", "Dict": "from typing import Dict",
    "Union": "from typing import Union",
    "Any": "from typing import Any", "Callable": "from typing import Callable",
    "Tensor": "from torch import Tensor",
    "reduce": "from functools import reduce", "functools": "import functools", "random": "import random",
    "namedtuple": "from collections import namedtuple", "defaultdict": "from collections import defaultdict",
    "collections": "import collections", "itertools": "import itertools", "copy": "import copy",
    "dataclass": "from dataclasses import dataclass", "field": "from dataclasses import field",
    "warnings": "import warnings", "rearrange": "from einops import rearrange", "einops": "import einops",
    "repeat": "from einops import repeat", "Rearrange": "from einops.layers.torch import Rearrange",
    "ABC": "from abc import ABC", "abstractmethod": "from abc import abstractmethod",
  ]

  /// Binds a name in a scope.
  func bind(_ name: String, _ value: PythonValue, _ scope: Scope) {
    if scope.globals.contains(name) {
      scope.module.variables[name] = value
      return
    }
    if scope.nonlocals.contains(name) {
      var enclosing = scope.parent
      while let candidate = enclosing {
        if candidate.kind != .classBody, candidate.variables[name] != nil {
          candidate.variables[name] = value
          return
        }
        enclosing = candidate.parent
      }
    }
    if scope.kind == .classBody, scope.variables[name] == nil { scope.order.append(name) }
    scope.variables[name] = value
  }

  private func bindWalrus(_ name: String, _ value: PythonValue, _ scope: Scope) {
    var target = scope
    while target.kind == .comprehension, let parent = target.parent { target = parent }
    if target.kind == .comprehension { target = target.module }
    bind(name, value, target)
  }
}
