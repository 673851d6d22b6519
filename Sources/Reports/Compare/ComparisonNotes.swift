import QualityDiversity
import Search

/// What a reader of a comparison must know.
struct ComparisonNotes {
  private let groups: [ComparisonGroup]
  private let binned: [[BinnedRun]]
  private let frame: ComparisonFrame
  private let pairs: [Comparison.Pair]
  private let offset: (value: Double, isGiven: Bool)

  init(
    _ groups: [ComparisonGroup], _ binned: [[BinnedRun]], _ frame: ComparisonFrame,
    _ pairs: [Comparison.Pair],
    offset: (value: Double, isGiven: Bool)
  ) {
    self.groups = groups
    self.binned = binned
    self.frame = frame
    self.pairs = pairs
    self.offset = offset
  }

  var sentences: [String] {
    var notes: [String] = []
    for group in groups where group.members.count > 1 {
      notes.append("\(group.name) is \(group.members.map(\.name).joined(separator: ", ")).")
    }
    let configurations = groups.flatMap(\.members).compactMap(\.configuration)
    let isOneSearch = Set(configurations.map(\.withoutSeed)).count == 1
    if isOneSearch, configurations.count == groups.count, Set(configurations.map(\.seed)).count > 1 {
      notes.append("All are runs of one search that differ in the seed only, so what differs is chance.")
    }
    if !configurations.allSatisfy(frame.isThat) {
      notes.append("Axes or cells differ; all are placed anew on \(frame.origin), from their logs.")
    }
    if let first = configurations.first,
      configurations.contains(where: {
        $0.data.withoutPath != first.data.withoutPath
          || $0.training.withoutStopping != first.training.withoutStopping
      })
    {
      notes.append("They differ in data or training, so their fitness values measure different things.")
    }
    for case .archive(let archive) in groups.flatMap(\.members) where archive.isPlacedByOrder(on: frame.names)
    {
      notes.append(
        "The measures of \(archive.name) have no names and are taken in the order of the axes: "
          + frame.names.joined(separator: ", ") + ".")
    }
    notes += ranges + counts
    if let scored { notes.append(scored) }
    notes.append(contentsOf: Set(pairs.map(\.noise)).sorted())
    notes.append(evidence)
    return notes
  }

  /// What lay beyond the axes.
  private var counts: [String] {
    let runs = binned.joined()
    let clamped = runs.compactMap { run -> String? in
      let axes = zip(frame.names, run.clamped).filter { $0.1 > 0 }.map { "\($0.1) on \($0.0)" }
      return axes.isEmpty ? nil : "\(run.name) \(axes.joined(separator: " and "))"
    }
    let unplaced = runs.filter { $0.unplaced > 0 }.map { "\($0.name) \($0.unplaced)" }
    var notes: [String] = []
    if !clamped.isEmpty {
      notes.append("Beyond the axes, and counted at their ends: \(clamped.joined(separator: "; ")).")
    }
    if !unplaced.isEmpty {
      notes.append("Without a place on the axes, and left out: \(unplaced.joined(separator: ", ")).")
    }
    return notes
  }

  /// What axes were made of where only saved archives are compared.
  private var ranges: [String] {
    let isText = Set(frame.configuration.descriptors.filter { !$0.categories.isEmpty }.map(\.name))
    let (texts, numbers) = (
      frame.foundRanges.filter(isText.contains), frame.foundRanges.filter { !isText.contains($0) }
    )
    var notes: [String] = []
    if !numbers.isEmpty {
      notes.append(
        "Nobody says the range of \(numbers.joined(separator: ", ")), so it is that of all that is compared; --axes "
          + "sets another.")
    }
    if !texts.isEmpty {
      notes.append("Each text in \(texts.joined(separator: ", ")) is a category.")
    }
    return notes
  }

  /// What QD scores are sums of, where that is not fitness itself.
  private var scored: String? {
    guard offset.isGiven || offset.value != 0 else { return nil }
    let value = Figures.significant(offset.value)
    guard offset.isGiven else {
      return
        "QD scores are sums of what elites are above \(value), the least objective of all that is compared; "
        + "--offset sets another."
    }
    let below = binned.joined().reduce(0) { $0 + $1.elites.count { $0.fitness < offset.value } }
    return "QD scores are sums of what elites are above \(value), as asked for"
      + (below == 0 ? "." : "; \(below) elites are below it and count negative.")
  }

  /// What intervals and probabilities rest on.
  private var evidence: String {
    let tests = pairs.compactMap { $0.figure(.qdScore)?.test }
    guard let test = tests.first else {
      guard binned.allSatisfy({ $0.count == 1 }) else {
        return "A group of one run cannot be tested; give each several seeds."
      }
      return pairs.contains { $0.figures.contains { $0.interval != nil } }
        ? "One run each: intervals are the noise of measuring fitness, not of searching; compare several seeds."
        : "One run each, so nothing tells how much of the difference is chance; compare several seeds."
    }
    let names = Set(tests.map(\.method.title)).sorted().joined(separator: " and ")
    var sentence = "Intervals: 95 %, BCa bootstrap over seeds. p: \(names)"
    sentence +=
      pairs.count == 1
      ? "; the QD score decides, the others are Holm-corrected."
      : "; Holm-corrected, the QD scores by themselves."
    if let pair = pairs.first(where: { !$0.isPaired }), seedsPair(pair) {
      sentence +=
        " Seeds pair up, but fewer than \(Comparison.fewestPairs) pairs prove nothing, so runs count as independent."
    }
    if test.leastP >= 0.05 {
      sentence += " With so few runs p cannot be below \(Figures.probability(test.leastP))."
    }
    return sentence
  }

  private func seedsPair(_ pair: Comparison.Pair) -> Bool {
    guard let first = groups.firstIndex(where: { $0.name == pair.first }),
      let second = groups.firstIndex(where: { $0.name == pair.second })
    else { return false }
    return Comparison.seedsPair(binned[first], binned[second])
  }
}

extension DataSettings {
  /// The settings but for where the files are.
  fileprivate var withoutPath: DataSettings {
    var result = self
    result.path = ""
    return result
  }
}

extension TrainingSettings {
  /// The settings but for those that say who is trained to the end, which change nobody's fitness.
  fileprivate var withoutStopping: TrainingSettings {
    var result = self
    (result.fidelities, result.stopping) = ([], StoppingSettings())
    return result
  }
}
