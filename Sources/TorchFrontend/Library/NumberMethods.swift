extension Library {
  /// Methods and attributes of ints and floats.
  static let numberMethods: Family = { library in
    for type in ["int", "float"] {
      library.property(type, "real") { (call) throws(Interruption) in
        if case .bool(let flag) = call["self"] { .int(flag ? 1 : 0) } else { call["self"] }
      }
      library.property(type, "imag") { (_) throws(Interruption) in type == "int" ? .int(0) : .float(0) }
      library.function("\(type).conjugate", signature: "(self)") { (call) throws(Interruption) in call["self"]
      }
      library.function("\(type).is_integer", signature: "(self)") { (call) throws(Interruption) in
        let value = try call.double("self")
        return .bool(value.isFinite && value == value.rounded())
      }
      library.function("\(type).as_integer_ratio", signature: "(self)") { (call) throws(Interruption) in
        let value = try call.double("self")
        if let whole = call.interpreter.integer(call["self"]) ?? Int(exactly: value) {
          return try call.interpreter.tuple([.int(whole), .int(1)])
        }
        var (numerator, denominator) = (value, 1)
        while numerator != numerator.rounded(), denominator < 1 << 52 {
          numerator *= 2
          denominator *= 2
        }
        guard let top = Int(exactly: numerator) else {
          throw call.interpreter.exhausted("an integer beyond 64 bits is not supported", "limit.integer")
        }
        return try call.interpreter.tuple([.int(top), .int(denominator)])
      }
    }
    library.function("slice.indices", signature: "(self, length)") { (call) throws(Interruption) in
      guard case .slice(let slice) = call["self"] else { return .none }
      let length = try call.int("length")
      guard length >= 0 else { throw call.interpreter.raise(.valueError, "length should not be negative") }
      let range = try call.interpreter.resolved(slice, length)
      return try call.interpreter.tuple([.int(range.start), .int(range.stop), .int(range.step)])
    }
    library.property("int", "numerator") { (call) throws(Interruption) in .int(try call.int("self")) }
    library.property("int", "denominator") { (_) throws(Interruption) in .int(1) }
    library.function("int.bit_length", signature: "(self)") { (call) throws(Interruption) in
      let magnitude = try call.int("self").magnitude
      return .int(UInt.bitWidth - magnitude.leadingZeroBitCount)
    }
    library.function("int.bit_count", signature: "(self)") { (call) throws(Interruption) in
      .int(try call.int("self").magnitude.nonzeroBitCount)
    }
  }
}
