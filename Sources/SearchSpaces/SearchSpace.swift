public import RandomStreams

/// Architectures that can be drawn, varied, written and read.
///
/// Strategies know a space by this protocol alone. A genotype is *legal* by construction where it was drawn or varied
/// here; what a person or a language model writes becomes one by `genotype(from:)`, which says why where it cannot.
/// All randomness comes from the streams passed in.
public protocol SearchSpace: Sendable {
  /// One architecture of the space; equal genotypes are the same choices, not only the same network.
  associatedtype Genotype: Hashable, Sendable, Codable

  /// The space's name, as a configuration has it, such as `nas-bench-201`.
  var name: String { get }

  /// How many genotypes there are; nil: too many to count, or without end.
  var count: Int? { get }

  /// A genotype drawn uniformly.
  func random(using stream: inout RandomStream) -> Genotype

  /// A neighbour of a genotype, never itself: one choice made anew, all others kept.
  func mutation(of genotype: Genotype, using stream: inout RandomStream) -> Genotype

  /// A genotype each of whose choices is one parent's or the other's.
  func crossover(of first: Genotype, and second: Genotype, using stream: inout RandomStream) -> Genotype

  /// All genotypes that differ in one choice, in a fixed order.
  func neighbours(of genotype: Genotype) -> [Genotype]

  /// The text of a genotype as the space's literature writes it.
  func text(of genotype: Genotype) -> String

  /// The genotype that a text means.
  ///
  /// - Throws: one sentence saying what is wrong with the text, and where.
  func genotype(from text: String) throws(SearchSpaceError) -> Genotype

  /// What equal networks have in common whatever their genotypes, such as a text without the choices that say nothing.
  func canonicalText(of genotype: Genotype) -> String

  /// What can be measured of an architecture without training it, such as `parameters` and `macs`, by the names that
  /// descriptors' formulas use.
  func figures(of genotype: Genotype) -> [String: Double]

  /// The grammar of what `text(of:)` writes, in llama.cpp's notation (GBNF); nil where there is none.
  var textGrammar: String? { get }
}

extension SearchSpace {
  /// No grammar.
  public var textGrammar: String? { nil }
}

/// A space whose genotypes are so many choices among so many options each.
///
/// The choices are what reinforcement learning, statistics over a history, and a language model's JSON speak of.
public protocol ChoiceSpace: SearchSpace {
  /// The choices, in order.
  var choices: [Choice] { get }

  /// The option taken for each choice, by its index; as many as there are choices.
  func options(of genotype: Genotype) -> [Int]

  /// The genotype with these options.
  ///
  /// - Throws: where an option or their number does not fit, or the space forbids them together.
  func genotype(options: [Int]) throws(SearchSpaceError) -> Genotype

  /// What there is to choose and how an architecture is written, for a language model; without the space's name, so
  /// that a model is not helped by what it has read about it.
  var promptDescription: String { get }

  /// The JSON schema of a genotype: an object with one property a choice, whose values are the options.
  var jsonSchema: String { get }

  /// The grammar of a genotype's JSON, in llama.cpp's notation (GBNF).
  var jsonGrammar: String { get }
}

/// One choice that an architecture makes.
public struct Choice: Sendable, Hashable, Codable {
  /// What is chosen, such as `edge 0→1`.
  public var name: String
  /// What there is to choose from, at least one.
  public var options: [String]

  /// A choice.
  public init(name: String, options: [String]) {
    self.name = name
    self.options = options
  }

  /// The name as a property of JSON: letters and digits in lower case, all else an underscore, such as `edge_0_1`.
  public var key: String {
    name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.joined(separator: "_")
  }
}

/// Why a text or a list of choices is no architecture of a space: one sentence.
public struct SearchSpaceError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sentence.
  public var description: String

  /// An error.
  public init(_ description: String) {
    self.description = description
  }
}
