import PythonSyntax

extension Library {
  /// `math`, and what constructors use of `numpy`.
  static let mathematics: Family = { library in
    library.namespace("math", isComplete: true)
    library.namespace("numpy")
    for (name, number) in [
      ("pi", Double.pi), ("e", 2.718281828459045), ("inf", .infinity), ("nan", .nan), ("tau", 2 * .pi),
    ] {
      library.constant("math.\(name)", .float(number))
      library.constant("numpy.\(name)", .float(number))
    }
    let functions: [(String, @Sendable (Double) -> Double, ClosedRange<Double>)] = [
      ("exp", Numerics.exponential, -.infinity ... .infinity),
      ("sin", Numerics.sine, -.infinity ... .infinity),
      ("cos", Numerics.cosine, -.infinity ... .infinity), ("tan", Numerics.tangent, -.infinity ... .infinity),
      ("asin", Numerics.arcSine, -1...1), ("acos", Numerics.arcCosine, -1...1),
      ("atan", Numerics.arcTangent, -.infinity ... .infinity),
      ("tanh", Numerics.hyperbolicTangent, -.infinity ... .infinity),
      ("sinh", Numerics.hyperbolicSine, -.infinity ... .infinity),
      ("cosh", Numerics.hyperbolicCosine, -.infinity ... .infinity),
      ("sqrt", { $0.squareRoot() }, 0 ... .infinity),
      ("erf", Numerics.errorFunction, -.infinity ... .infinity),
      ("log2", Numerics.logarithm2, Double.leastNonzeroMagnitude ... .infinity),
      ("log10", Numerics.logarithm10, Double.leastNonzeroMagnitude ... .infinity),
      ("log1p", Numerics.logarithmPlus1, -1 ... .infinity),
      ("expm1", Numerics.exponentialMinus1, -.infinity ... .infinity),
      ("exp2", { Numerics.power(2, $0) }, -.infinity ... .infinity),
      ("cbrt", Numerics.cubeRoot, -.infinity ... .infinity),
      ("erfc", Numerics.complementaryErrorFunction, -.infinity ... .infinity),
      ("gamma", Numerics.gamma, -.infinity ... .infinity),
      ("lgamma", Numerics.logGamma, -.infinity ... .infinity),
      ("asinh", Numerics.inverseHyperbolicSine, -.infinity ... .infinity),
      ("acosh", Numerics.inverseHyperbolicCosine, 1 ... .infinity),
      ("atanh", Numerics.inverseHyperbolicTangent, (-1.0).nextUp...(1.0).nextDown),
      ("radians", { $0 * .pi / 180 }, -.infinity ... .infinity),
      ("degrees", { $0 * 180 / .pi }, -.infinity ... .infinity),
      ("fabs", { abs($0) }, -.infinity ... .infinity),
    ]
    for (name, compute, domain) in functions {
      library.function("math.\(name)", signature: "(x)") { (call) throws(Interruption) in
        let x = try call.double("x")
        guard domain.contains(x) || x.isNaN else {
          throw call.interpreter.raise(.valueError, "math domain error")
        }
        let value = compute(x)
        guard value.isFinite || !x.isFinite else {
          throw call.interpreter.raise(.overflowError, "math range error")
        }
        return .float(value)
      }
    }
    library.function("math.log", signature: "(x, base=None)") { (call) throws(Interruption) in
      let x = try call.double("x")
      guard x > 0 else { throw call.interpreter.raise(.valueError, "math domain error") }
      guard let base = try call.optionalDouble("base") else { return .float(Numerics.logarithm(x)) }
      guard base > 0, base != 1 else { throw call.interpreter.raise(.valueError, "math domain error") }
      return .float(Numerics.logarithm(x) / Numerics.logarithm(base))
    }
    for (name, rule) in [("floor", FloatingPointRoundingRule.down), ("ceil", .up), ("trunc", .towardZero)] {
      library.function("math.\(name)", signature: "(x)") { (call) throws(Interruption) in
        if let value = call.interpreter.integer(call["x"]) { return .int(value) }
        if case .instance(let instance) = call["x"],
          let method = call.interpreter.classMember("__\(name)__", of: instance.type)
        {
          return try call.interpreter.call(method, Arguments([call["x"]]))
        }
        guard let value = Int(exactly: try call.double("x").rounded(rule)) else {
          throw call.interpreter.raise(.overflowError, "cannot convert float to integer")
        }
        return .int(value)
      }
    }
    library.function("math.pow", signature: "(x, y)") { (call) throws(Interruption) in
      .float(Numerics.power(try call.double("x"), try call.double("y")))
    }
    library.function("math.atan2", signature: "(y, x)") { (call) throws(Interruption) in
      .float(Numerics.arcTangent2(try call.double("y"), try call.double("x")))
    }
    library.function("math.fmod", signature: "(x, y)") { (call) throws(Interruption) in
      let divisor = try call.double("y")
      guard divisor != 0 else { throw call.interpreter.raise(.valueError, "math domain error") }
      return .float(try call.double("x").truncatingRemainder(dividingBy: divisor))
    }
    library.function("math.hypot", signature: "(*coordinates)") { (call) throws(Interruption) in
      var values: [Double] = []
      for value in call.rest {
        guard let number = call.interpreter.double(value) else {
          throw call.interpreter.raise(
            .typeError, "must be real number, not \(call.interpreter.typeName(value))")
        }
        values.append(number)
      }
      if values.count == 2 { return .float(Numerics.hypotenuse(values[0], values[1])) }
      return .float(values.reduce(0) { $0 + $1 * $1 }.squareRoot())
    }
    library.function("math.dist", signature: "(p, q)") { (call) throws(Interruption) in
      let (p, q) = (try call.doubles("p"), try call.doubles("q"))
      guard p.count == q.count else {
        throw call.interpreter.raise(.valueError, "both points must have the same number of dimensions")
      }
      return .float(zip(p, q).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot())
    }
    library.function("math.fsum", signature: "(seq)") { (call) throws(Interruption) in
      // Shewchuk's exact partial sums.
      var partials: [Double] = []
      for value in try call.doubles("seq") {
        try call.interpreter.spend(partials.count)
        var x = value
        var rest: [Double] = []
        for var y in partials {
          if abs(x) < abs(y) { swap(&x, &y) }
          let high = x + y
          let low = y - (high - x)
          if low != 0 { rest.append(low) }
          x = high
        }
        partials = rest + [x]
      }
      return .float(Numerics.sum(ofPartials: partials))
    }
    library.function("math.sumprod", signature: "(p, q)") { (call) throws(Interruption) in
      var result = PythonValue.int(0)
      let interpreter = call.interpreter
      let (p, q) = (try interpreter.elements(of: call["p"]), try interpreter.elements(of: call["q"]))
      guard p.count == q.count else { throw interpreter.raise(.valueError, "Inputs are not the same length") }
      for (a, b) in zip(p, q) {
        result = try interpreter.binary(.add, result, try interpreter.binary(.multiply, a, b))
      }
      return result
    }
    library.function("math.copysign", signature: "(x, y)") { (call) throws(Interruption) in
      let (x, y) = (try call.double("x"), try call.double("y"))
      return .float(Double(signOf: y, magnitudeOf: x))
    }
    library.function("math.remainder", signature: "(x, y)") { (call) throws(Interruption) in
      let divisor = try call.double("y")
      guard divisor != 0 else { throw call.interpreter.raise(.valueError, "math domain error") }
      return .float(try call.double("x").remainder(dividingBy: divisor))
    }
    library.function("math.modf", signature: "(x)") { (call) throws(Interruption) in
      let x = try call.double("x")
      let whole = x.rounded(.towardZero)
      let fraction = x.isInfinite ? 0 : x - whole
      return try call.interpreter.tuple([.float(Double(signOf: x, magnitudeOf: fraction)), .float(whole)])
    }
    library.function("math.frexp", signature: "(x)") { (call) throws(Interruption) in
      let x = try call.double("x")
      guard x != 0, x.isFinite else { return try call.interpreter.tuple([.float(x), .int(0)]) }
      let mantissa = Double(sign: x.sign, exponent: -1, significand: x.significand)
      return try call.interpreter.tuple([.float(mantissa), .int(Int(x.exponent) + 1)])
    }
    library.function("math.ldexp", signature: "(x, i)") { (call) throws(Interruption) in
      let (x, exponent) = (try call.double("x"), min(max(try call.int("i"), -5_000), 5_000))
      let value = Double(sign: .plus, exponent: exponent, significand: x)
      guard value.isFinite || !x.isFinite else {
        throw call.interpreter.raise(.overflowError, "math range error")
      }
      return .float(value)
    }
    library.function("math.perm", signature: "(n, k=None)") { (call) throws(Interruption) in
      let n = try call.int("n")
      let k = try call.optionalInt("k") ?? n
      guard n >= 0, k >= 0 else {
        throw call.interpreter.raise(.valueError, "n must be a non-negative integer")
      }
      guard k <= n else { return .int(0) }
      var result = 1
      for factor in 0..<min(k, 128) {
        let (product, isOver) = result.multipliedReportingOverflow(by: n - factor)
        guard !isOver else {
          throw call.interpreter.exhausted("an integer beyond 64 bits is not supported", "limit.integer")
        }
        result = product
      }
      return .int(result)
    }
    let tests: [(String, @Sendable (Double) -> Bool)] = [
      ("isnan", { $0.isNaN }), ("isinf", { $0.isInfinite }), ("isfinite", { $0.isFinite }),
    ]
    for (name, test) in tests {
      library.function("math.\(name)", signature: "(x)") { (call) throws(Interruption) in
        .bool(test(try call.double("x")))
      }
    }
    library.function("math.isclose", signature: "(a, b, *, rel_tol=1e-09, abs_tol=0.0)") {
      (call) throws(Interruption) in
      let (a, b) = (try call.double("a"), try call.double("b"))
      let tolerance = max(try call.double("rel_tol") * max(abs(a), abs(b)), try call.double("abs_tol"))
      return .bool(a == b || abs(a - b) <= tolerance)
    }
    for (name, isLeast) in [("gcd", false), ("lcm", true)] {
      library.function("math.\(name)", "numpy.\(name)", signature: "(*integers)") {
        (call) throws(Interruption) in
        var result = isLeast ? 1 : 0
        for value in call.rest {
          let next = try call.int(value, "integers")
          guard next != .min else {
            throw call.interpreter.exhausted("an integer beyond 64 bits is not supported", "limit.integer")
          }
          var (a, b) = (abs(result), abs(next))
          while b != 0 { (a, b) = (b, a % b) }
          if isLeast {
            let (product, isOver) =
              a == 0 ? (0, false) : (abs(result) / a).multipliedReportingOverflow(by: abs(next))
            guard !isOver else {
              throw call.interpreter.exhausted("an integer beyond 64 bits is not supported", "limit.integer")
            }
            result = product
          } else {
            result = a
          }
        }
        return .int(result)
      }
    }
    library.function("math.isqrt", signature: "(n)") { (call) throws(Interruption) in
      let n = try call.int("n")
      guard n >= 0 else { throw call.interpreter.raise(.valueError, "isqrt() argument must be nonnegative") }
      var root = Int(Double(n).squareRoot())
      while root > 0, root > n / root { root -= 1 }
      while root + 1 <= n / (root + 1) { root += 1 }
      return .int(root)
    }
    library.function("math.prod", signature: "(iterable, *, start=1)") { (call) throws(Interruption) in
      var result = call["start"]
      for element in try call.interpreter.elements(of: call["iterable"]) {
        result = try call.interpreter.binary(.multiply, result, element)
      }
      return result
    }
    library.function("math.factorial", signature: "(n)") { (call) throws(Interruption) in
      let n = try call.int("n")
      guard n >= 0 else {
        throw call.interpreter.raise(.valueError, "factorial() not defined for negative values")
      }
      guard n <= 20 else {
        throw call.interpreter.exhausted("an integer beyond 64 bits is not supported", "limit.integer")
      }
      return .int((1...max(1, n)).reduce(1, *))
    }
    library.function("math.comb", signature: "(n, k)") { (call) throws(Interruption) in
      let (n, k) = (try call.int("n"), try call.int("k"))
      guard n >= 0, k >= 0 else {
        throw call.interpreter.raise(.valueError, "n must be a non-negative integer")
      }
      guard n <= 60 else {
        throw call.interpreter.exhausted("comb of more than 60 is not supported", "limit.integer")
      }
      guard k <= n else { return .int(0) }
      return .int((0..<k).reduce(1) { $0 * (n - $1) / ($1 + 1) })
    }
  }
}
