import PythonSyntax

extension Library {
  /// `functools`, `itertools` and `operator`.
  static let functionTools: Family = { library in
    library.add(
      NativeClass(
        "functools.partial", base: "builtins.object",
        construct: NativeFunction("partial", "(func, *args, **keywords)") { (call) throws(Interruption) in
          try call.interpreter.reserve(4 + call.rest.count)
          return .partial(
            call.interpreter.heap.adopt(PartialFunction(call["func"], call.rest, call.restKeywords)))
        }))
    library.function("functools.reduce", signature: "(function, iterable, *initial)") {
      (call) throws(Interruption) in
      var elements = try call.interpreter.elements(of: call["iterable"])[...]
      guard var result = call.rest.first ?? elements.popFirst() else {
        throw call.interpreter.raise(.typeError, "reduce() of empty iterable with no initial value")
      }
      for element in elements {
        try call.interpreter.spend(1)
        result = try call.interpreter.call(call["function"], Arguments([result, element]))
      }
      return result
    }
    for name in ["functools.wraps", "functools.lru_cache"] {
      library.function(name, signature: "(*args, **kwargs)") { (call) throws(Interruption) in
        if name == "functools.lru_cache", call.rest.count == 1, case .function = call.rest[0] {
          return call.rest[0]
        }
        return .native(
          NativeFunction("decorator", "(function)") { (call) throws(Interruption) in call["function"] })
      }
    }
    library.function("functools.cache", signature: "(function)") { (call) throws(Interruption) in
      call["function"]
    }
    library.add(
      NativeClass(
        "functools.cached_property", base: "builtins.object",
        construct: NativeFunction("cached_property", "(func)") { (call) throws(Interruption) in
          .descriptor(call.interpreter.heap.adopt(Descriptor(.property, call["func"])))
        }))

    library.function("itertools.chain", signature: "(*iterables)") { (call) throws(Interruption) in
      var result: [PythonValue] = []
      for iterable in call.rest {
        let elements = try call.interpreter.elements(of: iterable)
        try call.interpreter.reserve(elements.count)
        result += elements
      }
      return try call.interpreter.iterator(.elements(result))
    }
    library.function("itertools.count", signature: "(start=0, step=1)") { (call) throws(Interruption) in
      try call.interpreter.iterator(.count(start: try call.int("start"), step: try call.int("step")))
    }
    library.function("itertools.cycle", signature: "(iterable)") { (call) throws(Interruption) in
      try call.interpreter.iterator(.cycle(try call.interpreter.elements(of: call["iterable"])))
    }
    library.function("itertools.repeat", signature: "(object, times=None)") { (call) throws(Interruption) in
      guard let count = try call.optionalInt("times") else {
        return try call.interpreter.iterator(.repeat(call["object"]))
      }
      try call.interpreter.reserve(max(0, count))
      return try call.interpreter.iterator(
        .elements([PythonValue](repeating: call["object"], count: max(0, count))))
    }
    library.function("itertools.islice", signature: "(iterable, *args)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var bounds: [Int?] = []
      for value in call.rest { bounds.append(interpreter.isNone(value) ? nil : try call.int(value, "stop")) }
      let start = bounds.count > 1 ? bounds[0] ?? 0 : 0
      let stop = bounds.count > 1 ? bounds[1] : bounds.first ?? nil
      let step = max(1, bounds.count > 2 ? bounds[2] ?? 1 : 1)
      let source = try interpreter.iterate(call["iterable"])
      var result: [PythonValue] = []
      var position = 0
      while stop.map({ position < $0 }) ?? true, let element = try interpreter.next(source) {
        if position >= start, (position - start).isMultiple(of: step) {
          try interpreter.reserve(1)
          result.append(element)
        }
        position += 1
      }
      return try interpreter.iterator(.elements(result))
    }
    library.function("itertools.product", signature: "(*iterables, repeat=1)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      var pools: [[PythonValue]] = []
      for iterable in call.rest { pools.append(try interpreter.elements(of: iterable)) }
      let count = try call.int("repeat")
      guard count >= 0, count <= 64 else {
        throw interpreter.exhausted("itertools.product makes too many elements", "limit.collection")
      }
      let all = (0..<count).flatMap { _ in pools }
      var rows: [[PythonValue]] = [[]]
      for pool in all {
        try interpreter.reserve(rows.count * pool.count * 2)
        rows = rows.flatMap { row in pool.map { row + [$0] } }
      }
      var result: [PythonValue] = []
      for row in rows { result.append(try interpreter.tuple(row)) }
      return try interpreter.iterator(.elements(result))
    }
    library.function("itertools.pairwise", signature: "(iterable)") { (call) throws(Interruption) in
      let elements = try call.interpreter.elements(of: call["iterable"])
      var result: [PythonValue] = []
      for (first, second) in zip(elements, elements.dropFirst()) {
        result.append(try call.interpreter.tuple([first, second]))
      }
      return try call.interpreter.iterator(.elements(result))
    }
    library.function("itertools.accumulate", signature: "(iterable, func=None)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      var result: [PythonValue] = []
      for element in try interpreter.elements(of: call["iterable"]) {
        guard let last = result.last else {
          result.append(element)
          continue
        }
        result.append(
          interpreter.isNone(call["func"])
            ? try interpreter.binary(.add, last, element)
            : try interpreter.call(call["func"], Arguments([last, element])))
      }
      try interpreter.reserve(result.count)
      return try interpreter.iterator(.elements(result))
    }
    library.function("itertools.combinations", signature: "(iterable, r)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let elements = try interpreter.elements(of: call["iterable"])
      guard try call.int("r") == 2 else {
        throw interpreter.unsupported("combinations of other than 2 are not supported yet")
      }
      var result: [PythonValue] = []
      for (index, first) in elements.enumerated() {
        for second in elements.dropFirst(index + 1) { result.append(try interpreter.tuple([first, second])) }
      }
      return try interpreter.iterator(.elements(result))
    }

    for (name, operation) in [
      ("add", BinaryOperator.add), ("sub", .subtract), ("mul", .multiply), ("truediv", .divide),
      ("floordiv", .floorDivide), ("mod", .modulo), ("pow", .power),
    ] {
      library.function("operator.\(name)", signature: "(a, b)") { (call) throws(Interruption) in
        try call.interpreter.binary(operation, call["a"], call["b"])
      }
    }
    library.function("operator.itemgetter", signature: "(item)") { (call) throws(Interruption) in
      try call.interpreter.reserve(4)
      return .partial(
        call.interpreter.heap.adopt(
          PartialFunction(
            .native(
              NativeFunction("itemgetter", "(item, obj)") { (call) throws(Interruption) in
                try call.interpreter.item(call["obj"], call["item"])
              }), [call["item"]], [])))
    }
  }
}
