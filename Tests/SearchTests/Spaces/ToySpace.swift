import RandomStreams
import Search
import SearchSpaces

/// A space of five choices among four options each, small enough to be counted out.
///
/// The first two options of the last choice make the same network, and its fourth is forbidden with the first one's
/// fourth.
struct ToySpace: ChoiceSpace {
  typealias Genotype = [Int]

  var name: String { "toy" }
  var count: Int? { 4 * 4 * 4 * 4 * 4 - 64 }
  let choices = (0..<5).map { Choice(name: "choice \($0)", options: ["a", "b", "c", "d"]) }

  /// All genotypes.
  var all: [[Int]] {
    (0..<1024).map { number in (0..<5).map { number >> (2 * $0) & 3 } }.filter(isLegal)
  }

  private func isLegal(_ options: [Int]) -> Bool { options[0] != 3 || options[4] != 3 }

  func random(using stream: inout RandomStream) -> [Int] {
    while true {
      let options = (0..<5).map { _ in stream.integer(below: 4) }
      if isLegal(options) { return options }
    }
  }

  func mutation(of genotype: [Int], using stream: inout RandomStream) -> [Int] {
    let all = neighbours(of: genotype)
    return all[stream.integer(below: all.count)]
  }

  func crossover(of first: [Int], and second: [Int], using stream: inout RandomStream) -> [Int] {
    while true {
      let child = zip(first, second).map { stream.bernoulli(0.5) ? $0 : $1 }
      if isLegal(child) { return child }
    }
  }

  func neighbours(of genotype: [Int]) -> [[Int]] {
    (0..<5).flatMap { choice in
      (0..<4).filter { $0 != genotype[choice] }.map { option in
        var other = genotype
        other[choice] = option
        return other
      }
    }.filter(isLegal)
  }

  func text(of genotype: [Int]) -> String { genotype.map { choices[0].options[$0] }.joined() }

  func genotype(from text: String) throws(SearchSpaceError) -> [Int] {
    let options = text.compactMap { choices[0].options.firstIndex(of: String($0)) }
    guard text.count == 5, options.count == 5 else {
      throw SearchSpaceError("'\(text)' is not five of a, b, c, d.")
    }
    return try genotype(options: options)
  }

  func canonicalText(of genotype: [Int]) -> String {
    text(of: Array(genotype.dropLast()) + [max(1, genotype[4])])
  }

  func figures(of genotype: [Int]) -> [String: Double] {
    ["cost": Double(genotype.reduce(0, +)), "depth": Double(genotype.count { $0 > 0 })]
  }

  func options(of genotype: [Int]) -> [Int] { genotype }

  func genotype(options: [Int]) throws(SearchSpaceError) -> [Int] {
    guard options.count == 5, options.allSatisfy((0..<4).contains) else {
      throw SearchSpaceError("These are no options.")
    }
    guard isLegal(options) else { throw SearchSpaceError("The first and last choice cannot both be d.") }
    return options
  }
}

extension ToySpace {
  /// A value without ties but for equal networks, with the one optimum `cadbc` and several local ones.
  static func value(_ genotype: [Int]) -> Double {
    let best = [2, 0, 3, 1, 2]
    let weights = [0.16, 0.11, 0.21, 0.13, 0.09]
    var options = genotype
    options[4] = max(1, options[4])
    var sum = 0.0
    for choice in 0..<5 { sum += weights[choice] * Double(abs(options[choice] - best[choice])) / 3 }
    // Neighbouring choices that agree are worth something, which makes other hills.
    for choice in 1..<5 where options[choice] == options[choice - 1] { sum -= 0.03 * Double(choice) / 5 }
    return 1 - sum
  }

  /// A table with a fidelity of 12 units, whose values mislead a little, and one of 200.
  static func table() throws -> TabularEvaluator<ToySpace> { try made.get() }

  private static let made = Result { try makeTable() }

  private static func makeTable() throws -> TabularEvaluator<ToySpace> {
    let space = ToySpace()
    let all = space.all
    let full = all.map(value)
    let cheap = all.map { 0.6 * value($0) + 0.05 * Double($0[1]) / 3 }
    return try TabularEvaluator(
      space: space, genotypes: all,
      columns: [
        .init(SpaceFidelity(name: "200 epochs", cost: 200), fitness: full),
        .init(SpaceFidelity(name: "12 epochs", cost: 12), fitness: cheap),
      ])
  }

  static func archive() throws -> SpaceArchive {
    try SpaceArchive(
      descriptors: [
        DescriptorSettings(name: "cost", lower: 0, upper: 15),
        DescriptorSettings(name: "layers", formula: "depth", lower: 0, upper: 5),
      ], dimensions: [5, 5], figureNames: ToySpace().figureNames)
  }
}
