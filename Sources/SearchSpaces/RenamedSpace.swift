public import RandomStreams

/// A space under other names: a probe for what a language model has read about a benchmark.
///
/// Choices are called `choice 1`, `choice 2`, …, and each one's options `A`, `B`, … in an order of its own drawn from a
/// stream. Genotypes, costs and accuracies are those of the space itself, so whoever learns from figures alone does
/// as well here; a model that knows the benchmark by heart does not.
public struct RenamedSpace<Base: ChoiceSpace>: ChoiceSpace {
  /// The space's own genotypes.
  public typealias Genotype = Base.Genotype

  /// The space itself.
  public let base: Base
  /// The choices under their new names.
  public let choices: [Choice]
  /// By choice and new option: the space's own.
  private let originals: [[Int]]
  /// By choice and the space's own option: the new one.
  private let renamed: [[Int]]

  /// The space with names drawn from a stream.
  public init(_ base: Base, using stream: inout RandomStream) {
    self.base = base
    var orders: [[Int]] = []
    for choice in base.choices { orders.append(stream.permutation(choice.options.count)) }
    originals = orders
    renamed = orders.map { order in
      var places = order
      for (place, option) in order.enumerated() { places[option] = place }
      return places
    }
    choices = orders.enumerated().map { number, order in
      Choice(name: "choice \(number + 1)", options: order.indices.map(Self.letters))
    }
  }

  /// A, B, …, Z, AA, AB, ….
  private static func letters(_ number: Int) -> String {
    var (rest, text) = (number, "")
    repeat {
      text = String(UnicodeScalar(UInt8(ascii: "A") + UInt8(rest % 26))) + text
      rest = rest / 26 - 1
    } while rest >= 0
    return text
  }

  /// The space's name with `-renamed`.
  public var name: String { base.name + "-renamed" }
  /// As many as the space has.
  public var count: Int? { base.count }

  /// A genotype of the space, drawn uniformly.
  public func random(using stream: inout RandomStream) -> Genotype { base.random(using: &stream) }

  /// A neighbour in the space.
  public func mutation(of genotype: Genotype, using stream: inout RandomStream) -> Genotype {
    base.mutation(of: genotype, using: &stream)
  }

  /// A genotype each of whose choices is one parent's or the other's.
  public func crossover(
    of first: Genotype, and second: Genotype, using stream: inout RandomStream
  ) -> Genotype {
    base.crossover(of: first, and: second, using: &stream)
  }

  /// All neighbours in the space.
  public func neighbours(of genotype: Genotype) -> [Genotype] { base.neighbours(of: genotype) }

  /// The genotype as JSON under the new names.
  public func text(of genotype: Genotype) -> String { json(of: genotype) }

  /// The genotype that JSON under the new names means.
  public func genotype(from text: String) throws(SearchSpaceError) -> Genotype {
    try genotype(fromJSON: text)
  }

  /// What the space says that equal networks have in common.
  public func canonicalText(of genotype: Genotype) -> String { base.canonicalText(of: genotype) }
  /// What the space measures.
  public func figures(of genotype: Genotype) -> [String: Double] { base.figures(of: genotype) }

  /// The grammar of the JSON.
  public var textGrammar: String? { jsonGrammar }

  /// The new numbers of the genotype's options.
  public func options(of genotype: Genotype) -> [Int] {
    zip(renamed, base.options(of: genotype)).map { $0[$1] }
  }

  /// The genotype with the options of these new numbers.
  public func genotype(options: [Int]) throws(SearchSpaceError) -> Genotype {
    guard options.count == originals.count else {
      throw SearchSpaceError("There are \(originals.count) choices, and here are \(options.count).")
    }
    var own: [Int] = []
    for ((order, option), choice) in zip(zip(originals, options), choices) {
      guard order.indices.contains(option) else {
        throw SearchSpaceError("The \(choice.name) has no option \(option).")
      }
      own.append(order[option])
    }
    return try base.genotype(options: own)
  }
}
