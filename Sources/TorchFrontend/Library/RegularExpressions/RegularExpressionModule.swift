extension Library {
  /// `re`: its classes and functions are written in Python over two functions of ours.
  static let regularExpressions: Family = { library in
    library.namespace("_sre")
    library.function("_sre.compile", signature: "(pattern, flags)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let program: RegularExpressionProgram
      switch try interpreter.regularExpression(try call.string("pattern"), try call.int("flags")) {
      case .success(let known): program = known
      case .failure(.unsupported(let what)):
        throw interpreter.unsupported("\(what) is not supported in regular expressions")
      case .failure(.invalid(let message, let position)):
        return try interpreter.tuple([.string(message), position.map { .int($0) } ?? .none])
      }
      let names = try interpreter.dictionary()
      for (name, index) in program.names { try interpreter.set(.string(name), .int(index), in: names) }
      return try interpreter.tuple([.int(program.flags.rawValue), .int(program.groupCount), .dict(names)])
    }
    library.function("_sre.scan", signature: "(pattern, flags, text, start, end, kind, count)") {
      (call) throws(Interruption) in
      try call.scan()
    }
    library.prelude("re", regularExpressionModule)
  }
}

extension NativeCall {
  /// The spans of matches: of the first at the start (`kind` 0), the first from there on (1), one of the
  /// whole text (2); or of `count` of them or all (3).
  fileprivate func scan() throws(Interruption) -> PythonValue {
    let pattern = try interpreter.regularExpression(try string("pattern"), try int("flags"))
    guard case .success(let program) = pattern else { return .none }
    let all = try string("text").unicodeScalars
    try interpreter.reserve(all.underestimatedCount >> 2)
    let scalars = all.map(\.value)
    let end = min(max(try int("end"), 0), scalars.count)
    var start = min(max(try int("start"), 0), scalars.count)
    let (kind, limit) = (try int("kind"), try int("count"))
    var results: [PythonValue] = []
    guard start <= end else { return try interpreter.list([]) }
    let interpreter = interpreter
    var matcher = RegularExpressionMatcher(program, Array(scalars[..<end]), isFull: kind == 2) {
      (steps) throws(Interruption) in try interpreter.spend(steps)
    }
    var mustAdvance = false
    repeat {
      let found =
        kind == 1 || kind == 3
        ? try matcher.search(from: start, mustAdvance: mustAdvance) : try matcher.match(at: start)
      guard let found else { break }
      results.append(try interpreter.tuple(found.map { .int($0) }))
      // The next begins where this one ended, but not both of them can be empty.
      mustAdvance = found[0] == found[1]
      start = found[1]
    } while kind == 3 && (limit <= 0 || results.count < limit)
    return try interpreter.list(results)
  }
}

extension Interpreter {
  /// A pattern, which is read once.
  fileprivate func regularExpression(
    _ pattern: String, _ flags: Int
  ) throws(Interruption) -> Result<RegularExpressionProgram, RegularExpressionFailure> {
    let key = "\(flags) \(pattern)"
    if let known = regularExpressions[key] { return known }
    try reserve(pattern.utf8.count * 8)
    let result: Result<RegularExpressionProgram, RegularExpressionFailure>
    do throws(RegularExpressionFailure) {
      result = .success(
        try RegularExpressionProgram(
          pattern.unicodeScalars.map(\.value), RegularExpressionFlags(rawValue: flags)))
    } catch {
      result = .failure(error)
    }
    regularExpressions[key] = result
    return result
  }
}
