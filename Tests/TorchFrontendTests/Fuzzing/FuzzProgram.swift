import PythonSyntax
import RandomStreams
import TorchFrontend

/// A network that mutations begin with.
struct FuzzSeed: Sendable {
  var source: String
  var inputShape: [Int]
}

/// A program to try, and what it is compiled for.
struct FuzzProgram: Sendable {
  var source: String
  /// The second parent where programs are combined.
  var partner: String
  var inputs: [NetworkInput]
  var classCount: Int?
  var isTraining: Bool
  /// Chooses what is done with the program.
  var stream: RandomStream

  func options(limits: CompilationLimits) -> CompilationOptions {
    CompilationOptions(inputs: inputs, classCount: classCount, isTraining: isTraining, limits: limits)
  }
}

/// Programs that want to crash, hang or exhaust the compiler: mutants of networks and arbitrary code.
///
/// Program number n of a seed is always the same, so that whatever one does can be had again.
struct FuzzPrograms: Sendable {
  private let seeds: [FuzzSeed]
  private let vocabulary: FuzzVocabulary

  /// Programs made of those networks; there must be at least one.
  init(seeds: [FuzzSeed]) {
    self.seeds = seeds
    vocabulary = FuzzVocabulary(NetworkCompiler.libraryNames)
  }

  /// The program of that number.
  ///
  /// What cannot be parsed says nothing of what comes after the parser, so most of it is drawn again.
  func program(seed: UInt64, number: Int) -> FuzzProgram {
    let stream = RandomStream(seed: seed).stream("program", number)
    var program = program(from: stream)
    for attempt in 0..<3 where attempt < number % 4 && Parser.parse(program.source).hasErrors {
      program = self.program(from: stream.stream("attempt", attempt))
    }
    program.stream = Self.checks(seed: seed, number: number)
    return program
  }

  /// What chooses the checks of the program of that number.
  static func checks(seed: UInt64, number: Int) -> RandomStream {
    RandomStream(seed: seed).stream("checks", number)
  }

  private func program(from root: RandomStream) -> FuzzProgram {
    var stream = root
    // The shorter of two, since what is short is quick.
    let pair = (stream.pick(seeds), stream.pick(seeds))
    let first = pair.0.source.utf8.count < pair.1.source.utf8.count ? pair.0 : pair.1
    let second = stream.pick(seeds)
    var program = FuzzProgram(
      source: first.source, partner: second.source, inputs: [NetworkInput(.float32, first.inputShape)],
      classCount: stream.bernoulli(0.5) ? 10 : nil, isTraining: stream.bernoulli(0.5),
      stream: root)
    var generator = ProgramGenerator(vocabulary: vocabulary, stream: root.stream("generator"))
    let kind = stream.uniform()
    if kind > 0.6 {
      program.source = generator.module()
      program.inputs = generator.inputs()
    }
    if kind < 0.6 || kind > 0.9 {
      var mutator = ProgramMutator(generator: generator, stream: root.stream("mutator"))
      program.source = mutator.mutant(of: program.source, with: second.source)
    }
    if stream.bernoulli(0.02) { program.inputs.append(NetworkInput(.int64, [2, 5])) }
    return program
  }
}

extension RandomStream {
  /// One of the elements, of which there must be some.
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[integer(below: elements.count)] }
}

/// The names that arbitrary code is made of.
struct FuzzVocabulary: Sendable {
  /// Functions and classes by how a program says them, such as `torch.cat`.
  let functions: [String]
  /// Those that make or change tensors and modules.
  let torchFunctions: [String]
  /// Names of methods and attributes.
  let members: [String]
  let tensorMembers: [String]

  /// Modules whose members a program finds under their own names.
  static let modules = [
    "torch", "math", "functools", "collections", "itertools", "typing", "copy", "operator", "numpy", "random",
    "dataclasses", "enum", "abc", "warnings", "einops", "torchvision", "timm", "types", "re", "string",
    "time",
  ]

  init(_ names: [String]) {
    var functions: [String] = []
    var members: Set<String> = []
    var tensorMembers: [String] = []
    for name in names {
      let parts = name.split(separator: ".")
      guard let head = parts.first, let last = parts.last else { continue }
      if head == "builtins" {
        if parts.count == 2 { functions.append(String(last)) } else { members.insert(String(last)) }
      } else if Self.modules.contains(String(head)) {
        functions.append(name)
        if parts.count > 2 { members.insert(String(last)) }
      } else {
        members.insert(String(last))
        if head == "Tensor" { tensorMembers.append(String(last)) }
      }
    }
    self.functions = functions
    torchFunctions = functions.filter { $0.hasPrefix("torch.") || $0.hasPrefix("einops.") }
    self.members = members.sorted()
    self.tensorMembers = tensorMembers
  }
}
