import PythonSyntax

extension Library {
  /// `itertools`: each element is made when it is asked for.
  static let iterators: Family = { library in
    library.namespace("itertools")
    library.function("itertools.chain", signature: "(*iterables)") { (call) throws(Interruption) in
      try call.interpreter.chained(try call.interpreter.list(call.rest))
    }
    library.function("itertools.chain.from_iterable", signature: "(iterable)") {
      (call) throws(Interruption) in
      try call.interpreter.chained(call["iterable"])
    }
    library.function("itertools.count", signature: "(start=0, step=1)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      if let start = interpreter.integer(call["start"]), let step = interpreter.integer(call["step"]) {
        return try interpreter.iterator(.count(start: start, step: step))
      }
      var value = call["start"]
      let step = call["step"]
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          let current = value
          value = try interpreter.binary(.add, value, step)
          return current
        })
    }
    library.function("itertools.cycle", signature: "(iterable)") { (call) throws(Interruption) in
      try call.interpreter.iterator(.cycle(try call.interpreter.elements(of: call["iterable"])))
    }
    library.function("itertools.repeat", signature: "(object, times=None)") { (call) throws(Interruption) in
      guard var left = try call.optionalInt("times") else {
        return try call.interpreter.iterator(.repeat(call["object"]))
      }
      let value = call["object"]
      return try call.interpreter.iterator(
        .computed { () throws(Interruption) in
          guard left > 0 else { return nil }
          left -= 1
          return value
        })
    }
    library.function("itertools.islice", signature: "(iterable, *args)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var bounds: [Int?] = []
      for value in call.rest { bounds.append(interpreter.isNone(value) ? nil : try call.int(value, "stop")) }
      let start = bounds.count > 1 ? bounds[0] ?? 0 : 0
      let stop = bounds.count > 1 ? bounds[1] : bounds.first ?? nil
      let step = bounds.count > 2 ? bounds[2] ?? 1 : 1
      guard start >= 0, step > 0, stop ?? 0 >= 0 else {
        throw interpreter.raise(
          .valueError, "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
      }
      let source = try interpreter.iterate(call["iterable"])
      var (position, wanted) = (0, start)
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          while stop.map({ position < $0 && wanted < $0 }) ?? true, let element = try interpreter.next(source)
          {
            position += 1
            if position - 1 == wanted {
              wanted = wanted.addingReportingOverflow(step).partialValue
              return element
            }
          }
          return nil
        })
    }
    for (name, takes) in [("takewhile", true), ("dropwhile", false)] {
      library.function("itertools.\(name)", signature: "(predicate, iterable)") {
        (call) throws(Interruption) in
        let interpreter = call.interpreter
        let source = try interpreter.iterate(call["iterable"])
        let predicate = call["predicate"]
        var isOver = false
        return try interpreter.iterator(
          .computed { () throws(Interruption) in
            if takes, isOver { return nil }
            while let element = try interpreter.next(source) {
              if isOver { return element }
              let holds = try interpreter.isTrue(try interpreter.call(predicate, Arguments([element])))
              if takes {
                isOver = !holds
                return holds ? element : nil
              }
              if !holds {
                isOver = true
                return element
              }
            }
            return nil
          })
      }
    }
    library.function("itertools.filterfalse", signature: "(function, iterable)") {
      (call) throws(Interruption) in
      try call.interpreter.filtered(call["function"], call["iterable"], keeping: false)
    }
    library.function("itertools.starmap", signature: "(function, iterable)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let source = try interpreter.iterate(call["iterable"])
      let function = call["function"]
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          guard let element = try interpreter.next(source) else { return nil }
          return try interpreter.call(function, Arguments(try interpreter.elements(of: element)))
        })
    }
    library.function("itertools.compress", signature: "(data, selectors)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (data, selectors) = (
        try interpreter.iterate(call["data"]), try interpreter.iterate(call["selectors"])
      )
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          while let element = try interpreter.next(data), let selector = try interpreter.next(selectors) {
            if try interpreter.isTrue(selector) { return element }
          }
          return nil
        })
    }
    library.function("itertools.pairwise", signature: "(iterable)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let source = try interpreter.iterate(call["iterable"])
      var last = try interpreter.next(source)
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          guard let first = last, let second = try interpreter.next(source) else { return nil }
          last = second
          return try interpreter.tuple([first, second])
        })
    }
    library.function("itertools.accumulate", signature: "(iterable, func=None, *, initial=None)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let source = try interpreter.iterate(call["iterable"])
      let function = call["func"]
      var total: PythonValue?
      var first: PythonValue? = interpreter.isNone(call["initial"]) ? nil : call["initial"]
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          if let start = first {
            first = nil
            total = start
            return start
          }
          guard let element = try interpreter.next(source) else { return nil }
          guard let last = total else {
            total = element
            return element
          }
          let value =
            interpreter.isNone(function)
            ? try interpreter.binary(.add, last, element)
            : try interpreter.call(function, Arguments([last, element]))
          total = value
          return value
        })
    }
    library.function("itertools.zip_longest", signature: "(*iterables, fillvalue=None)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let sources = try interpreter.iterators(call.rest)
      let filling = call["fillvalue"]
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          var row: [PythonValue] = []
          var isOver = true
          for source in sources {
            let value = try interpreter.next(source)
            if value != nil { isOver = false }
            row.append(value ?? filling)
          }
          return isOver ? nil : try interpreter.tuple(row)
        })
    }
    library.function("itertools.tee", signature: "(iterable, n=2)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let count = try call.int("n")
      guard count >= 0, count <= 1_000 else {
        throw interpreter.exhausted("itertools.tee makes too many iterators", "limit.collection")
      }
      let elements = try interpreter.elements(of: call["iterable"])
      var copies: [PythonValue] = []
      for _ in 0..<count { copies.append(try interpreter.iterator(.elements(elements))) }
      return try interpreter.tuple(copies)
    }
    library.function("itertools.groupby", signature: "(iterable, key=None)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let source = try interpreter.iterate(call["iterable"])
      let function = call["key"]
      func key(_ element: PythonValue) throws(Interruption) -> PythonValue {
        interpreter.isNone(function) ? element : try interpreter.call(function, Arguments([element]))
      }
      var waiting = try interpreter.next(source)
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          guard let first = waiting else { return nil }
          let label = try key(first)
          var group = [first]
          waiting = nil
          while let element = try interpreter.next(source) {
            guard try interpreter.areEqual(try key(element), label) else {
              waiting = element
              break
            }
            try interpreter.reserve(1)
            group.append(element)
          }
          return try interpreter.tuple([label, try interpreter.iterator(.elements(group))])
        })
    }
    library.function("itertools.batched", signature: "(iterable, n)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let source = try interpreter.iterate(call["iterable"])
      let size = try call.int("n")
      guard size > 0 else { throw interpreter.raise(.valueError, "n must be at least one") }
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          var batch: [PythonValue] = []
          while batch.count < size, let element = try interpreter.next(source) { batch.append(element) }
          return batch.isEmpty ? nil : try interpreter.tuple(batch)
        })
    }
    library.function("itertools.product", signature: "(*iterables, repeat=1)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      var pools: [[PythonValue]] = []
      for iterable in call.rest { pools.append(try interpreter.elements(of: iterable)) }
      let count = try call.int("repeat")
      guard count >= 0, count <= 64, pools.count <= 1_000 else {
        throw interpreter.exhausted("itertools.product of so many is not supported", "limit.collection")
      }
      let all = (0..<count).flatMap { _ in pools }
      var places: [Int]? = all.contains(where: \.isEmpty) ? nil : [Int](repeating: 0, count: all.count)
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          guard var current = places else { return nil }
          let row = zip(all, current).map { $0[$1] }
          var index = all.count - 1
          while index >= 0 {
            current[index] += 1
            if current[index] < all[index].count { break }
            current[index] = 0
            index -= 1
          }
          places = index < 0 ? nil : current
          return try interpreter.tuple(row)
        })
    }
    library.addSelections()
  }

  /// `combinations`, `combinations_with_replacement` and `permutations`: index vectors in lexicographic order.
  private mutating func addSelections() {
    for (name, repeats, isOrdered) in [
      ("combinations", false, false), ("combinations_with_replacement", true, false),
      ("permutations", false, true),
    ] {
      function("itertools.\(name)", signature: isOrdered ? "(iterable, r=None)" : "(iterable, r)") {
        (call) throws(Interruption) in
        let interpreter = call.interpreter
        let pool = try interpreter.elements(of: call["iterable"])
        let count = try call.optionalInt("r") ?? pool.count
        guard count >= 0 else { throw interpreter.raise(.valueError, "r must be non-negative") }
        guard count <= 1_000 else {
          throw interpreter.exhausted("\(name) of so many is not supported", "limit.collection")
        }
        func isAllowed(_ value: Int, _ prefix: ArraySlice<Int>) -> Bool {
          if isOrdered { return !prefix.contains(value) }
          guard let last = prefix.last else { return true }
          return repeats ? value >= last : value > last
        }
        /// The least continuation of a prefix whose last element is at least what it is.
        func completed(_ prefix: [Int]) throws(Interruption) -> [Int]? {
          var places = prefix
          while true {
            // What cannot stand at the last place is counted up, and carried.
            while let value = places.last, value >= pool.count || !isAllowed(value, places.dropLast()) {
              try interpreter.spend(1)
              places.removeLast()
              if value >= pool.count {
                guard let before = places.popLast() else { return nil }
                places.append(before + 1)
              } else {
                places.append(value + 1)
              }
            }
            if places.count == count { return places }
            places.append(isOrdered ? 0 : (places.last.map { repeats ? $0 : $0 + 1 } ?? 0))
          }
        }
        var state: [Int]? = count > pool.count && !repeats ? nil : try completed([])
        if repeats, pool.isEmpty, count > 0 { state = nil }
        return try interpreter.iterator(
          .computed { () throws(Interruption) in
            guard let places = state else { return nil }
            let row = places.map { pool[$0] }
            if var next = state, let last = next.popLast() {
              next.append(last + 1)
              state = try completed(next)
            } else {
              state = nil
            }
            return try interpreter.tuple(row)
          })
      }
    }
  }
}

extension Interpreter {
  /// The elements of each of several iterables.
  fileprivate func chained(_ iterables: PythonValue) throws(Interruption) -> PythonValue {
    let outer = try iterate(iterables)
    var inner: PythonIterator?
    return try iterator(
      .computed { [self] () throws(Interruption) in
        while true {
          if let current = inner, let element = try next(current) { return element }
          guard let following = try next(outer) else { return nil }
          inner = try iterate(following)
        }
      })
  }
}
