import Foundation
import NetworkGraph
import PythonSyntax
import RandomStreams
import Testing

@testable import TorchFrontend

/// Every function of the library takes any arguments: it gives a value or a diagnostic, and soon.
@Suite struct LibraryFuzzTests {
  /// A function of the library, and whose method it is.
  private struct Callee: Sendable {
    var function: NativeFunction
    /// The type of value (such as `list`) or the qualified name of the library's class.
    var owner: String?
  }

  /// All functions of the library, with those of its classes and values.
  private static let callees: [Callee] = {
    var callees: [Callee] = []
    for (name, entry) in Library.shared.entries.sorted(by: { $0.key < $1.key }) {
      switch entry {
      case .function(let function): callees.append(Callee(function: function))
      case .class(let native):
        for methods in [native.methods, native.properties] {
          callees += methods.sorted { $0.key < $1.key }.map { Callee(function: $0.value, owner: name) }
        }
        callees += [native.construct].compactMap(\.self).map { Callee(function: $0) }
      default: break
      }
    }
    for table in [Library.shared.methods, Library.shared.properties] {
      for (type, methods) in table.sorted(by: { $0.key < $1.key }) {
        callees += methods.sorted { $0.key < $1.key }.map { Callee(function: $0.value, owner: type) }
      }
    }
    let protocolMethods = Library.shared.protocolMethods.sorted { $0.key < $1.key }
    return callees + protocolMethods.map { Callee(function: $0.value) }
  }()

  /// Values of all kinds.
  private static func values(_ interpreter: Interpreter) throws(Interruption) -> [PythonValue] {
    let conv = try interpreter.instantiate(
      interpreter.nativeClass("torch.nn.Conv2d"), Arguments([.int(3), .int(4), .int(3)]))
    let list = try interpreter.instantiate(interpreter.nativeClass("torch.nn.ModuleList"), Arguments())
    let dictionary = try interpreter.dictionary()
    try interpreter.set(.string("a"), .int(1), in: dictionary)
    var values: [PythonValue] = [
      .tensor(try interpreter.tensor(.values((0..<24).map(Double.init)), [2, 3, 4])),
      .tensor(try interpreter.tensor(.fill(0.5), [1, 3, 8, 8])),
      .tensor(try interpreter.tensor(.random(.uniform(lower: 0, upper: 1)), [3, 4])),
      .tensor(try interpreter.tensor(.values([0x1p53, -0x1p53, -1]), [3], .int64)),
      .tensor(try interpreter.tensor(.values([0, 2, 1]), [3], .int64)),
      .tensor(try interpreter.tensor(.fill(.nan), [])), .tensor(try interpreter.tensor(.fill(1), [], .bool)),
      .tensor(try interpreter.tensor(.values([]), [0, 3])),
      .int(0), .int(1), .int(2), .int(-1), .int(3), .int(.max), .int(.min), .int(1 << 40), .float(0),
      .float(0.5), .float(.nan), .float(-.infinity), .float(1e300), .string(""), .string("a"),
      .string("relu"), .string("{} {0}"), .string("sum"), .string("5d"), .string("b c h w -> b (h w) c"),
      .bool(true), .none, .ellipsis,
      .notImplemented, .dict(dictionary), conv, list, .type(interpreter.nativeClass("builtins.int")),
      .opaque("elsewhere.thing"), .dataType(.int64), .device("cpu"),
      .range(PythonRange(start: 0, stop: 3, step: 1)),
      .range(PythonRange(start: -(1 << 61), stop: 1 << 61, step: 1)),
    ]
    values.append(try interpreter.list([]))
    values.append(try interpreter.list([.int(2), .int(2)]))
    values.append(try interpreter.list([values[0], values[0]]))
    let endless = PythonList([.int(1)])
    endless.elements.append(.list(endless))
    values.append(.list(interpreter.heap.adopt(endless)))
    values.append(try interpreter.tuple([.int(1), .int(-1)]))
    values.append(try interpreter.tuple([.int(.max), .int(.max), .int(2), .int(2)]))
    values.append(try interpreter.set(of: [.int(1)]))
    values.append(try interpreter.iterator(.elements([.int(1), .string("a")])))
    values.append(try interpreter.iterator(.count(start: .max, step: .max)))
    return values
  }

  private static let environment = ProcessInfo.processInfo.environment

  /// `NICHE_FUZZ_ROUNDS` sets how many rounds, each of which calls every function once, `NICHE_FUZZ_SEED` which;
  /// `NICHE_FUZZ_LOG` names a file that holds the call under way, for when one traps.
  @Test func anyArgumentsAreTaken() throws {
    #expect(Self.callees.count > 1_500)
    let rounds = Self.environment["NICHE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 6
    let seed = Self.environment["NICHE_FUZZ_SEED"].flatMap { UInt64($0) } ?? 0
    let log = Self.environment["NICHE_FUZZ_LOG"].flatMap { path in
      FileManager.default.createFile(atPath: path, contents: nil) ? FileHandle(forWritingAtPath: path) : nil
    }
    for round in 0..<rounds {
      // On the interpreter's own thread: what the pool's stacks can bear says nothing.
      let outcome = InterpreterThread.run { Self.run(seed: seed &+ UInt64(round), log: log) }
      let (succeeded, failures) = try #require(outcome)
      #expect(failures.isEmpty, "round \(round): \(failures.joined(separator: "; "))")
      #expect(succeeded > Self.callees.count / 20 && succeeded < Self.callees.count)
    }
  }

  /// Calls every function; gives how many calls did not fail, and what went wrong in others.
  private static func run(seed: UInt64, log: FileHandle?) -> (succeeded: Int, failures: [String]) {
    var stream = RandomStream(seed: seed)
    let limits = CompilationLimits(
      steps: 100_000, collectionSize: 10_000, totalCollectionSize: 1_000_000, tensorElements: 1 << 22)
    var (succeeded, failures) = (0, [String]())
    for callee in callees {
      let interpreter = Interpreter(limits: limits)
      defer { interpreter.heap.clear() }
      interpreter.tracer.isTracing = Bool.random(using: &stream)
      let start = ContinuousClock.now
      do throws(Interruption) {
        let arguments = try arguments(of: callee, interpreter, &stream)
        if let log {
          let text = "\(seed) \(callee.function.name)\(arguments.positional) \(arguments.keywords)"
          try? log.truncate(atOffset: 0)
          try? log.write(contentsOf: Data(text.prefix(4_000).utf8))
        }
        let result = try interpreter.call(callee.function, arguments)
        succeeded += 1
        _ = try interpreter.representation(of: result)
      } catch {
        if interpreter.diagnostic(for: error).message.isEmpty {
          failures.append("\(callee.function.name) fails without a message")
        }
      }
      let time = ContinuousClock.now - start
      if time > .seconds(2) { failures.append("\(callee.function.name) takes \(time)") }
    }
    return (succeeded, failures)
  }

  /// As many arguments as the function needs, and some of those it can do without.
  private static func arguments(
    of callee: Callee, _ interpreter: Interpreter, _ stream: inout RandomStream
  ) throws(Interruption) -> Arguments {
    let values = try values(interpreter)
    func anyValue() -> PythonValue { values[Int.random(in: 0..<values.count, using: &stream)] }
    let parameters = callee.function.signature.parameters
    var arguments = Arguments()
    let required = parameters.prefix { $0.defaultValue == nil }.count
    let extra = Int.random(in: 0..<4, using: &stream) == 0 ? Int.random(in: 1...3, using: &stream) : 0
    for _ in 0..<(required + extra) { arguments.positional.append(anyValue()) }
    for parameter in parameters.dropFirst(required + extra)
    where parameter.defaultValue == nil || Int.random(in: 0..<4, using: &stream) == 0 {
      arguments.keywords.append((parameter.name, anyValue()))
    }
    // The receiver of a method is mostly what it belongs to.
    if let owner = callee.owner, !arguments.positional.isEmpty, Int.random(in: 0..<8, using: &stream) > 0 {
      var receivers = values.filter { interpreter.typeName($0) == owner }
      if case .class(let native)? = Library.shared.entry(owner), native.construct == nil {
        receivers.append(.instance(try interpreter.instance(of: interpreter.nativeClass(owner))))
        let built = Arguments(
          (0..<Int.random(in: 0...4, using: &stream)).map { _ in .int(Int.random(in: 1...4, using: &stream)) }
        )
        if let instance = try? interpreter.instantiate(interpreter.nativeClass(owner), built) {
          receivers = [instance]
        }
      }
      if !receivers.isEmpty {
        arguments.positional[0] = receivers[Int.random(in: 0..<receivers.count, using: &stream)]
      }
    }
    // Tensors are what most functions are for.
    for index in arguments.positional.indices where Int.random(in: 0..<4, using: &stream) == 0 {
      if index > 0 || callee.owner == nil {
        arguments.positional[index] = values[Int.random(in: 0..<8, using: &stream)]
      }
    }
    return arguments
  }
}
