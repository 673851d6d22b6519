import NetworkGraph
import PythonSyntax

extension Library {
  /// Python's built-in functions.
  static let builtinFunctions: Family = { library in
    func add(_ name: String, _ signature: String, _ body: @escaping NativeFunction.Body) {
      library.add(NativeFunction(name, signature, body), as: ["builtins.\(name)"])
    }
    add("len", "(obj)") { (call) throws(Interruption) in .int(try call.interpreter.length(of: call["obj"])) }
    add("print", "(*args, **kwargs)") { (_) throws(Interruption) in .none }
    add("repr", "(obj)") { (call) throws(Interruption) in
      try call.interpreter.string(try call.interpreter.representation(of: call["obj"]))
    }
    add("format", "(value, format_spec='')") { (call) throws(Interruption) in
      try call.interpreter.string(try call.interpreter.format(call["value"], try call.string("format_spec")))
    }
    add("id", "(obj)") { (call) throws(Interruption) in
      if case .identity(let identity) = try call.interpreter.hashKey(call["obj"]) {
        // Only ever compared; no address leaves the interpreter.
        return .int(identity.hashValue & Int(Int32.max))
      }
      return .int(0)
    }
    add("hash", "(obj)") { (call) throws(Interruption) in
      _ = try call.interpreter.hashKey(call["obj"])
      throw call.interpreter.unsupported("hash() is not supported")
    }
    add("callable", "(obj)") { (call) throws(Interruption) in
      switch call["obj"] {
      case .native, .function, .method, .type, .partial: .bool(true)
      case .instance(let instance): .bool(call.interpreter.classMember("__call__", of: instance.type) != nil)
      default: .bool(false)
      }
    }
    add("isinstance", "(obj, classinfo)") { (call) throws(Interruption) in
      .bool(try call.interpreter.isInstance(call["obj"], call["classinfo"]))
    }
    add("issubclass", "(cls, classinfo)") { (call) throws(Interruption) in
      guard case .type(let type) = call["cls"] else {
        throw call.interpreter.raise(.typeError, "issubclass() arg 1 must be a class")
      }
      return .bool(try call.interpreter.isSubclass(type, call["classinfo"]))
    }
    add("hasattr", "(obj, name)") { (call) throws(Interruption) in
      do throws(Interruption) {
        return .bool(try call.interpreter.findAttribute(try call.string("name"), of: call["obj"]) != nil)
      } catch {
        if case .raised(let exception) = error, exception.instance.type.name == "AttributeError" {
          return .bool(false)
        }
        throw error
      }
    }
    add("getattr", "(obj, name, *default)") { (call) throws(Interruption) in
      let name = try call.string("name")
      guard let fallback = call.rest.first else {
        return try call.interpreter.attribute(name, of: call["obj"])
      }
      // What a module of PyTorch lacks here may well exist there.
      if case .namespace = call["obj"] {
        let value = try call.interpreter.attribute(name, of: call["obj"])
        return value
      }
      do throws(Interruption) {
        return try call.interpreter.findAttribute(name, of: call["obj"]) ?? fallback
      } catch {
        if case .raised(let exception) = error, exception.instance.type.name == "AttributeError" {
          return fallback
        }
        throw error
      }
    }
    add("setattr", "(obj, name, value)") { (call) throws(Interruption) in
      try call.interpreter.setAttribute(try call.string("name"), of: call["obj"], call["value"])
      return .none
    }
    add("delattr", "(obj, name)") { (call) throws(Interruption) in
      try call.interpreter.deleteAttribute(try call.string("name"), of: call["obj"])
      return .none
    }
    add("vars", "(obj)") { (call) throws(Interruption) in
      try call.interpreter.attribute("__dict__", of: call["obj"])
    }
    add("globals", "()") { (call) throws(Interruption) in
      let result = try call.interpreter.dictionary()
      for (name, value) in call.interpreter.globals.variables.sorted(by: { $0.key < $1.key }) {
        try call.interpreter.set(.string(name), value, in: result)
      }
      return .dict(result)
    }
    add("abs", "(x)") { (call) throws(Interruption) in
      switch call["x"] {
      case .int(let value):
        guard value != .min else {
          throw call.interpreter.exhausted("an integer beyond 64 bits is not supported", "limit.integer")
        }
        return .int(abs(value))
      case .tensor(let tensor): return .tensor(try call.interpreter.apply(.unary(.absolute), tensor))
      default: return .float(abs(try call.double("x")))
      }
    }
    add("round", "(number, ndigits=None)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      if let value = interpreter.integer(call["number"]) { return .int(value) }
      let value = try call.double("number")
      guard let digits = try call.optionalInt("ndigits") else {
        guard let result = Int(exactly: value.rounded(.toNearestOrEven)) else {
          throw interpreter.raise(
            value.isNaN ? .valueError : .overflowError, "cannot convert float to integer")
        }
        return .int(result)
      }
      guard digits >= 0, digits < 300 else { return .float(value) }
      return .float(Double(Numerics.formatted(value, precision: digits, isExponential: false)) ?? value)
    }
    add("divmod", "(a, b)") { (call) throws(Interruption) in
      try call.interpreter.tuple([
        try call.interpreter.binary(.floorDivide, call["a"], call["b"]),
        try call.interpreter.binary(.modulo, call["a"], call["b"]),
      ])
    }
    add("pow", "(base, exp)") { (call) throws(Interruption) in
      try call.interpreter.binary(.power, call["base"], call["exp"])
    }
    add("sum", "(iterable, start=0)") { (call) throws(Interruption) in
      var result = call["start"]
      for element in try call.interpreter.elements(of: call["iterable"]) {
        try call.interpreter.spend(1)
        result = try call.interpreter.binary(.add, result, element)
      }
      return result
    }
    for (name, wantsLess) in [("min", true), ("max", false)] {
      add(name, "(*args, key=None, default=None)") { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let elements = try call.rest.count == 1 ? interpreter.elements(of: call.rest[0]) : call.rest
        guard var best = elements.first else {
          if call.isGiven("default") { return call["default"] }
          throw interpreter.raise(.valueError, "\(name)() arg is an empty sequence")
        }
        let key = call["key"]
        func rank(_ value: PythonValue) throws(Interruption) -> PythonValue {
          interpreter.isNone(key) ? value : try interpreter.call(key, Arguments([value]))
        }
        var bestRank = try rank(best)
        for element in elements.dropFirst() {
          try interpreter.spend(1)
          let other = try rank(element)
          if try wantsLess ? interpreter.isLess(other, bestRank) : interpreter.isLess(bestRank, other) {
            (best, bestRank) = (element, other)
          }
        }
        return best
      }
    }
    add("any", "(iterable)") { (call) throws(Interruption) in
      for element in try call.interpreter.elements(of: call["iterable"])
      where try call.interpreter.isTrue(element) {
        return .bool(true)
      }
      return .bool(false)
    }
    add("all", "(iterable)") { (call) throws(Interruption) in
      for element in try call.interpreter.elements(of: call["iterable"])
      where try !call.interpreter.isTrue(element) {
        return .bool(false)
      }
      return .bool(true)
    }
    add("enumerate", "(iterable, start=0)") { (call) throws(Interruption) in
      var pairs: [PythonValue] = []
      let start = try call.int("start")
      for (index, element) in try call.interpreter.elements(of: call["iterable"]).enumerated() {
        pairs.append(try call.interpreter.tuple([.int(start &+ index), element]))
      }
      return try call.interpreter.iterator(.elements(pairs))
    }
    add("zip", "(*iterables, strict=False)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var sources: [PythonIterator] = []
      for value in call.rest { sources.append(try interpreter.iterate(value)) }
      var rows: [PythonValue] = []
      rows: while !sources.isEmpty {
        var row: [PythonValue] = []
        for source in sources {
          guard let value = try interpreter.next(source) else { break rows }
          row.append(value)
        }
        rows.append(try interpreter.tuple(row))
      }
      return try interpreter.iterator(.elements(rows))
    }
    add("map", "(function, *iterables)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var sources: [PythonIterator] = []
      for value in call.rest { sources.append(try interpreter.iterate(value)) }
      var results: [PythonValue] = []
      rows: while !sources.isEmpty {
        var row: [PythonValue] = []
        for source in sources {
          guard let value = try interpreter.next(source) else { break rows }
          row.append(value)
        }
        try interpreter.reserve(1)
        results.append(try interpreter.call(call["function"], Arguments(row)))
      }
      return try interpreter.iterator(.elements(results))
    }
    add("filter", "(function, iterable)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var results: [PythonValue] = []
      for element in try interpreter.elements(of: call["iterable"]) {
        let test =
          interpreter.isNone(call["function"])
          ? element : try interpreter.call(call["function"], Arguments([element]))
        if try interpreter.isTrue(test) { results.append(element) }
      }
      return try interpreter.iterator(.elements(results))
    }
    add("reversed", "(sequence)") { (call) throws(Interruption) in
      try call.interpreter.iterator(.elements(try call.interpreter.elements(of: call["sequence"]).reversed()))
    }
    add("sorted", "(iterable, *, key=None, reverse=False)") { (call) throws(Interruption) in
      let elements = try call.interpreter.elements(of: call["iterable"])
      return try call.interpreter.list(
        try call.interpreter.sorted(elements, key: call["key"], isReversed: try call.bool("reverse")))
    }
    add("iter", "(obj)") { (call) throws(Interruption) in
      .iterator(try call.interpreter.iterate(call["obj"]))
    }
    add("next", "(iterator, *default)") { (call) throws(Interruption) in
      let source: PythonIterator
      switch call["iterator"] {
      case .iterator(let iterator): source = iterator
      case .instance(let instance) where call.interpreter.classMember("__next__", of: instance.type) != nil:
        source = call.interpreter.heap.adopt(PythonIterator(.object(instance)))
      default:
        throw call.interpreter.raise(
          .typeError, "'\(call.interpreter.typeName(call["iterator"]))' object is not an iterator")
      }
      if let value = try call.interpreter.next(source) { return value }
      guard let fallback = call.rest.first else { throw call.interpreter.raise(.stopIteration, "") }
      return fallback
    }
    for (name, radix, prefix) in [("bin", 2, "0b"), ("hex", 16, "0x"), ("oct", 8, "0o")] {
      add(name, "(number)") { (call) throws(Interruption) in
        let number = try call.int("number")
        return .string((number < 0 ? "-" : "") + prefix + String(number.magnitude, radix: radix))
      }
    }
    add("chr", "(i)") { (call) throws(Interruption) in
      guard let code = UInt32(exactly: try call.int("i")), let scalar = Unicode.Scalar(code) else {
        throw call.interpreter.raise(.valueError, "chr() arg not in range(0x110000)")
      }
      return .string(String(scalar))
    }
    add("ord", "(c)") { (call) throws(Interruption) in
      let text = try call.string("c")
      guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
        throw call.interpreter.raise(.typeError, "ord() expected a character")
      }
      return .int(Int(scalar.value))
    }
    library.constant("builtins.NotImplemented", .notImplemented)
    library.constant("builtins.__name__", .string("network"))
  }
}

extension Interpreter {
  func isInstance(_ value: PythonValue, _ classes: PythonValue) throws(Interruption) -> Bool {
    try enter()
    defer { leave() }
    switch classes {
    case .type(let type):
      if case .opaque(let name) = value { throw unsupported("\(name) is not supported") }
      if type.native?.qualifiedName == "collections.abc.Callable" {
        switch value {
        case .native, .function, .method, .type, .partial: return true
        default: break
        }
      }
      if let abstract = type.native?.qualifiedName, abstract.hasPrefix("collections.abc."),
        abstract.hasSuffix("e")
      {
        switch (value, abstract) {
        case (.list, "collections.abc.Iterable"), (.tuple, "collections.abc.Iterable"),
          (.list, "collections.abc.Sequence"), (.tuple, "collections.abc.Sequence"),
          (.range, "collections.abc.Iterable"), (.range, "collections.abc.Sequence"),
          (.dict, "collections.abc.Iterable"), (.set, "collections.abc.Iterable"),
          (.string, "collections.abc.Iterable"), (.string, "collections.abc.Sequence"),
          (.tensor, "collections.abc.Iterable"), (.iterator, "collections.abc.Iterable"):
          return true
        case (.instance(let instance), "collections.abc.Iterable"):
          return classMember("__iter__", of: instance.type) != nil
        default: return false
        }
      }
      return classOf(value).isSubclass(of: type)
    case .tuple(let tuple):
      for type in tuple.elements where try isInstance(value, type) { return true }
      return false
    case .opaque: return false
    default: throw raise(.typeError, "isinstance() arg 2 must be a type, a tuple of types, or a union")
    }
  }

  fileprivate func isSubclass(_ type: PythonClass, _ classes: PythonValue) throws(Interruption) -> Bool {
    try enter()
    defer { leave() }
    switch classes {
    case .type(let other): return type.isSubclass(of: other)
    case .tuple(let tuple):
      for other in tuple.elements where try isSubclass(type, other) { return true }
      return false
    default: throw raise(.typeError, "issubclass() arg 2 must be a class or a tuple of classes")
    }
  }

  /// A stable merge sort by Python's `<`, for comparisons may fail.
  func sorted(
    _ elements: [PythonValue], key: PythonValue, isReversed: Bool
  ) throws(Interruption) -> [PythonValue] {
    try reserve(elements.count)
    var items: [(rank: PythonValue, value: PythonValue)] = []
    for element in elements {
      items.append((isNone(key) ? element : try call(key, Arguments([element])), element))
    }
    var width = 1
    while width < items.count {
      var merged: [(rank: PythonValue, value: PythonValue)] = []
      merged.reserveCapacity(items.count)
      var start = 0
      while start < items.count {
        let middle = min(start + width, items.count)
        let end = min(start + 2 * width, items.count)
        var (left, right) = (start, middle)
        while left < middle || right < end {
          try spend(1)
          let takesRight: Bool
          if left >= middle {
            takesRight = true
          } else if right >= end {
            takesRight = false
          } else if isReversed {
            takesRight = try isLess(items[left].rank, items[right].rank)
          } else {
            takesRight = try isLess(items[right].rank, items[left].rank)
          }
          merged.append(items[takesRight ? right : left])
          if takesRight { right += 1 } else { left += 1 }
        }
        start = end
      }
      items = merged
      width *= 2
    }
    return items.map(\.value)
  }
}
