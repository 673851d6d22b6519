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
      switch call["obj"] {
      case .list(let object): .int(call.interpreter.identity(of: object))
      case .dict(let object): .int(call.interpreter.identity(of: object))
      case .set(let object): .int(call.interpreter.identity(of: object))
      case .tuple(let object): .int(call.interpreter.identity(of: object))
      case .instance(let object): .int(call.interpreter.identity(of: object))
      case .tensor(let object): .int(call.interpreter.identity(of: object))
      case .function(let object): .int(call.interpreter.identity(of: object))
      case .type(let object): .int(call.interpreter.identity(of: object))
      case let value: .int(Interpreter.hash(of: try call.interpreter.hashKey(value)))
      }
    }
    add("hash", "(obj)") { (call) throws(Interruption) in
      if case .instance(let instance) = call["obj"],
        let method = call.interpreter.classMember("__hash__", of: instance.type)
      {
        return try call.interpreter.call(method, Arguments([call["obj"]]))
      }
      let key = try call.interpreter.hashKey(call["obj"])
      if case .identity = key, case .instance(let instance) = call["obj"] {
        return .int(call.interpreter.identity(of: instance))
      }
      return .int(Interpreter.hash(of: key))
    }
    add("callable", "(obj)") { (call) throws(Interruption) in
      switch call["obj"] {
      case .native, .function, .method, .type, .partial: .bool(true)
      case .opaque(let name): throw call.interpreter.unknown(name)
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
    add("dir", "(obj)") { (call) throws(Interruption) in
      try call.interpreter.list(call.interpreter.attributeNames(of: call["obj"]).sorted().map { .string($0) })
    }
    for name in [
      "input", "open", "exec", "eval", "__import__", "compile", "breakpoint", "exit", "quit", "bytearray",
      "memoryview", "complex",
    ] {
      add(name, "(*args, **kwargs)") { (call) throws(Interruption) in
        throw call.interpreter.unsupported(
          "\(name)() is not supported: nothing outside the source is reached")
      }
    }
    add("bytes", "(source='', encoding='utf-8', errors='strict')") { (call) throws(Interruption) in
      guard case .string = call["source"] else {
        throw call.interpreter.unsupported("bytes() of other than text is not supported")
      }
      return call["source"]
    }
    add("ascii", "(obj)") { (call) throws(Interruption) in
      try call.interpreter.string(try call.interpreter.representation(of: call["obj"]))
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
      case .instance(let instance):
        if let method = call.interpreter.classMember("__abs__", of: instance.type) {
          return try call.interpreter.call(method, Arguments([call["x"]]))
        }
        if let number = call.interpreter.integer(call["x"]), number != .min { return .int(abs(number)) }
        return .float(abs(try call.double("x")))
      case .bool(let flag): return .int(flag ? 1 : 0)
      default: return .float(abs(try call.double("x")))
      }
    }
    add("round", "(number, ndigits=None)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      if case .instance(let instance) = call["number"],
        let method = interpreter.classMember("__round__", of: instance.type)
      {
        let digits: [PythonValue] = call.isGiven("ndigits") ? [call["ndigits"]] : []
        return try interpreter.call(method, Arguments([call["number"]] + digits))
      }
      if let value = interpreter.integer(call["number"]) {
        return .int(Interpreter.rounded(value, try call.optionalInt("ndigits") ?? 0))
      }
      let value = try call.double("number")
      guard let digits = try call.optionalInt("ndigits") else {
        guard let result = Int(exactly: value.rounded(.toNearestOrEven)) else {
          guard !value.isFinite else {
            throw interpreter.exhausted("an integer beyond 64 bits is not supported", "limit.integer")
          }
          throw interpreter.raise(
            value.isNaN ? .valueError : .overflowError,
            "cannot convert float \(value.isNaN ? "NaN" : "infinity") to integer")
        }
        return .int(result)
      }
      guard digits < 300, value.isFinite else { return .float(value) }
      guard digits >= 0 else {
        guard digits > -300 else { return .float(0) }
        let unit = Numerics.power(10, Double(-digits))
        return .float((value / unit).rounded(.toNearestOrEven) * unit)
      }
      return .float(Double(Numerics.formatted(value, precision: digits, isExponential: false)) ?? value)
    }
    add("divmod", "(a, b)") { (call) throws(Interruption) in
      try call.interpreter.tuple([
        try call.interpreter.binary(.floorDivide, call["a"], call["b"]),
        try call.interpreter.binary(.modulo, call["a"], call["b"]),
      ])
    }
    add("pow", "(base, exp, mod=None)") { (call) throws(Interruption) in
      guard let modulus = try call.optionalInt("mod") else {
        return try call.interpreter.binary(.power, call["base"], call["exp"])
      }
      let (base, exponent) = (try call.int("base"), try call.int("exp"))
      guard modulus != 0 else { throw call.interpreter.raise(.valueError, "pow() 3rd argument cannot be 0") }
      guard exponent >= 0, modulus.magnitude < 1 << 31 else {
        throw call.interpreter.unsupported("pow() with such a modulus is not supported")
      }
      // The least integer has no remainder by -1 in 64 bits.
      if modulus.magnitude == 1 { return .int(0) }
      func reduced(_ value: Int) -> Int {
        let remainder = value % modulus
        return remainder != 0 && (remainder < 0) != (modulus < 0) ? remainder + modulus : remainder
      }
      var (result, power, rest) = (reduced(1), reduced(base), exponent)
      while rest > 0 {
        if rest & 1 == 1 { result = reduced(result * power) }
        power = reduced(power * power)
        rest >>= 1
      }
      return .int(result)
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
    for (name, wanted) in [("any", true), ("all", false)] {
      add(name, "(iterable)") { (call) throws(Interruption) in
        let source = try call.interpreter.iterate(call["iterable"])
        while let element = try call.interpreter.next(source) {
          if try call.interpreter.isTrue(element) == wanted { return .bool(wanted) }
        }
        return .bool(!wanted)
      }
    }
    add("enumerate", "(iterable, start=0)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let source = try interpreter.iterate(call["iterable"])
      var position = try call.int("start")
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          guard let element = try interpreter.next(source) else { return nil }
          defer { position &+= 1 }
          return try interpreter.tuple([.int(position), element])
        })
    }
    add("zip", "(*iterables, strict=False)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let sources = try interpreter.iterators(call.rest)
      let isStrict = try call.bool("strict")
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          var row: [PythonValue] = []
          for (index, source) in sources.enumerated() {
            guard let value = try interpreter.next(source) else {
              guard isStrict else { return nil }
              if index > 0 { throw interpreter.unevenZip(index, "shorter") }
              for (other, source) in sources.enumerated().dropFirst()
              where try interpreter.next(source) != nil {
                throw interpreter.unevenZip(other, "longer")
              }
              return nil
            }
            row.append(value)
          }
          return row.isEmpty ? nil : try interpreter.tuple(row)
        })
    }
    add("map", "(function, *iterables)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let sources = try interpreter.iterators(call.rest)
      let function = call["function"]
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          var row: [PythonValue] = []
          for source in sources {
            guard let value = try interpreter.next(source) else { return nil }
            row.append(value)
          }
          return row.isEmpty ? nil : try interpreter.call(function, Arguments(row))
        })
    }
    add("filter", "(function, iterable)") { (call) throws(Interruption) in
      try call.interpreter.filtered(call["function"], call["iterable"], keeping: true)
    }
    add("reversed", "(sequence)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      switch call["sequence"] {
      case .instance(let instance):
        if let method = interpreter.classMember("__reversed__", of: instance.type) {
          return try interpreter.call(method, Arguments([call["sequence"]]))
        }
      case .set, .iterator:
        throw interpreter.raise(
          .typeError, "'\(interpreter.typeName(call["sequence"]))' object is not reversible")
      default: break
      }
      return try interpreter.iterator(.elements(try interpreter.elements(of: call["sequence"]).reversed()))
    }
    add("sorted", "(iterable, *, key=None, reverse=False)") { (call) throws(Interruption) in
      let elements = try call.interpreter.elements(of: call["iterable"])
      return try call.interpreter.list(
        try call.interpreter.sorted(elements, key: call["key"], isReversed: try call.bool("reverse")))
    }
    add("iter", "(obj, *sentinel)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      guard let sentinel = call.rest.first else { return .iterator(try interpreter.iterate(call["obj"])) }
      let function = call["obj"]
      return try interpreter.iterator(
        .computed { () throws(Interruption) in
          let value = try interpreter.call(function, Arguments())
          return try interpreter.areEqual(value, sentinel) ? nil : value
        })
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
    library.constant("builtins.Ellipsis", .ellipsis)
    library.constant("builtins.__name__", .string("network"))
    library.constant("builtins.__file__", .string("network.py"))
    library.constant("builtins.__debug__", .bool(true))
    library.constant("builtins.__doc__", .none)
    library.constant("builtins.__package__", .string(""))
  }
}
