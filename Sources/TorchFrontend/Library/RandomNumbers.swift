import PythonSyntax
import RandomStreams

extension Library {
  /// Python's `random` and what there is of `numpy.random`, for constructors.
  ///
  /// Numbers come from a stream with a fixed seed, so that a source always gives the same network; `seed` begins
  /// another. While a network is traced there are none, since a graph would keep one draw for all runs.
  static let randomNumbers: Family = { library in
    library.namespace("random", "numpy.random")
    // A generator of its own draws from the one stream, too.
    library.prelude(
      "random",
      """
      import random as _random

      class Random:
          def __init__(self, x=None): pass
          def seed(self, a=None, version=2): pass
          def random(self): return _random.random()
          def uniform(self, a, b): return _random.uniform(a, b)
          def gauss(self, mu=0.0, sigma=1.0): return _random.gauss(mu, sigma)
          def normalvariate(self, mu=0.0, sigma=1.0): return _random.gauss(mu, sigma)
          def randint(self, a, b): return _random.randint(a, b)
          def randrange(self, start, stop=None, step=1): return _random.randrange(start, stop, step)
          def choice(self, seq): return _random.choice(seq)
          def choices(self, population, weights=None, *, cum_weights=None, k=1):
              return _random.choices(population, weights, cum_weights=cum_weights, k=k)
          def sample(self, population, k): return _random.sample(population, k)
          def shuffle(self, x): _random.shuffle(x)
      """)
    library.function("random.seed", "numpy.random.seed", signature: "(a=None, version=2)") {
      (call) throws(Interruption) in
      let seed = call.interpreter.integer(call["a"]) ?? 0
      call.interpreter.constructionNumbers = Interpreter.constructionStream(seed)
      return .none
    }
    for name in ["random.random", "numpy.random.random_sample"] {
      library.function(name, signature: "()") { (call) throws(Interruption) in .float(try call.draw()) }
    }
    library.function("random.uniform", signature: "(a, b)") { (call) throws(Interruption) in
      let (a, b) = (try call.double("a"), try call.double("b"))
      let share = try call.draw()
      return .float(a + (b - a) * share)
    }
    for name in ["random.gauss", "random.normalvariate"] {
      library.function(name, signature: "(mu=0.0, sigma=1.0)") { (call) throws(Interruption) in
        try call.checkConstruction()
        let normal = call.interpreter.constructionNumbers.normal()
        let (mean, deviation) = (try call.double("mu"), try call.double("sigma"))
        return .float(mean + deviation * normal)
      }
    }
    library.function("random.randint", signature: "(a, b)") { (call) throws(Interruption) in
      let (a, b) = (try call.int("a"), try call.int("b"))
      let (count, isOver) = b.subtractingReportingOverflow(a)
      guard !isOver, count >= 0, count < .max else {
        throw call.interpreter.raise(.valueError, "empty range for randrange() (\(a), \(b))")
      }
      let offset = try call.draw(below: count + 1)
      return .int(a + offset)
    }
    library.function("random.randrange", signature: "(start, stop=None, step=1)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let first = try call.int("start")
      let stop = try call.optionalInt("stop")
      let range = PythonRange(start: stop == nil ? 0 : first, stop: stop ?? first, step: try call.int("step"))
      guard range.step != 0, [range.start, range.stop, range.step].allSatisfy({ $0.magnitude < 1 << 61 }),
        range.count > 0
      else { throw interpreter.raise(.valueError, "empty range for randrange()") }
      return .int(range[try call.draw(below: range.count)])
    }
    library.function("random.choice", signature: "(seq)") { (call) throws(Interruption) in
      let elements = try call.interpreter.elements(of: call["seq"])
      guard !elements.isEmpty else {
        throw call.interpreter.raise(.indexError, "Cannot choose from an empty sequence")
      }
      return elements[try call.draw(below: elements.count)]
    }
    library.function("random.choices", signature: "(population, weights=None, *, cum_weights=None, k=1)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let elements = try interpreter.elements(of: call["population"])
      guard !elements.isEmpty, interpreter.isNone(call["weights"]), interpreter.isNone(call["cum_weights"])
      else {
        throw interpreter.unsupported("random.choices with weights or of nothing is not supported")
      }
      let count = try call.int("k")
      try interpreter.reserve(max(0, count))
      var chosen: [PythonValue] = []
      for _ in 0..<max(0, count) { chosen.append(elements[try call.draw(below: elements.count)]) }
      return try interpreter.list(chosen)
    }
    library.function("random.sample", signature: "(population, k)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var elements = try interpreter.elements(of: call["population"])
      let count = try call.int("k")
      guard count >= 0, count <= elements.count else {
        throw interpreter.raise(.valueError, "Sample larger than population or is negative")
      }
      try call.shuffle(&elements)
      return try interpreter.list(Array(elements.prefix(count)))
    }
    library.function("random.shuffle", "numpy.random.shuffle", signature: "(x)") {
      (call) throws(Interruption) in
      guard case .list(let list) = call["x"] else {
        throw call.interpreter.unsupported("shuffling anything but a list is not supported")
      }
      try call.shuffle(&list.elements)
      return .none
    }
    // NumPy's draw one number, or an array of a size.
    library.arrayFunction("numpy.random.uniform", signature: "(low=0.0, high=1.0, size=None)") {
      (call) throws(Interruption) in
      let (low, high) = (try call.double("low"), try call.double("high"))
      return try call.drawn(call["size"]) { $0.uniform(low, high) }
    }
    library.arrayFunction("numpy.random.normal", signature: "(loc=0.0, scale=1.0, size=None)") {
      (call) throws(Interruption) in
      let (mean, deviation) = (try call.double("loc"), try call.double("scale"))
      return try call.drawn(call["size"]) { mean + deviation * $0.normal() }
    }
    library.arrayFunction("numpy.random.random", signature: "(size=None)") { (call) throws(Interruption) in
      try call.drawn(call["size"]) { $0.uniform() }
    }
    for (name, isNormal) in [("rand", false), ("randn", true)] {
      library.arrayFunction("numpy.random.\(name)", signature: "(*size)") { (call) throws(Interruption) in
        let size: PythonValue = call.rest.isEmpty ? .none : try call.interpreter.tuple(call.rest)
        return try call.drawn(size) { isNormal ? $0.normal() : $0.uniform() }
      }
    }
    library.arrayFunction("numpy.random.randint", signature: "(low, high=None, size=None, dtype=None)") {
      (call) throws(Interruption) in
      let first = try call.int("low")
      let (low, high) = try (call.isGiven("high") ? first : 0, call.optionalInt("high") ?? first)
      let (count, isOver) = high.subtractingReportingOverflow(low)
      guard !isOver, count > 0 else { throw call.interpreter.raise(.valueError, "low >= high") }
      return try call.drawn(call["size"], isInteger: true) { Double(low + $0.integer(below: count)) }
    }
  }
}

extension NativeCall {
  /// Makes sure that no network is being traced, and notes that numbers are drawn.
  fileprivate func checkConstruction() throws(Interruption) {
    guard !interpreter.tracer.isTracing else {
      throw interpreter.unsupported(
        "\(function.name) within forward is not supported: a graph would keep one draw for all runs",
        hint: "use dropout or torch.rand, which are drawn anew at each run")
    }
    interpreter.note(
      "python.random", "random numbers at construction are drawn from a stream with a fixed seed",
      severity: .note)
  }

  fileprivate func draw() throws(Interruption) -> Double {
    try checkConstruction()
    return interpreter.constructionNumbers.uniform()
  }

  fileprivate func draw(below bound: Int) throws(Interruption) -> Int {
    try checkConstruction()
    return interpreter.constructionNumbers.integer(below: bound)
  }

  fileprivate func shuffle(_ elements: inout [PythonValue]) throws(Interruption) {
    try checkConstruction()
    try interpreter.spend(elements.count)
    let order = interpreter.constructionNumbers.permutation(elements.count)
    elements = order.map { elements[$0] }
  }

  /// One number, or an array of the size.
  fileprivate func drawn(
    _ size: PythonValue, isInteger: Bool = false, _ next: (inout RandomStream) -> Double
  ) throws(Interruption) -> PythonValue {
    try checkConstruction()
    guard !interpreter.isNone(size) else {
      let number = next(&interpreter.constructionNumbers)
      return isInteger ? .int(Int(number)) : .float(number)
    }
    let shape = try ints(size, "size")
    try interpreter.checkShape(shape)
    let count = shape.reduce(1, *)
    try interpreter.reserve(count)
    let values = (0..<count).map { _ in next(&interpreter.constructionNumbers) }
    return .tensor(try interpreter.tensor(.values(values), shape, isInteger ? .int64 : .float64))
  }
}

extension Interpreter {
  /// The stream of Python's and NumPy's random numbers for a seed.
  static func constructionStream(_ seed: Int) -> RandomStream {
    RandomStream(seed: UInt64(bitPattern: Int64(seed))).stream("random numbers at construction")
  }
}
