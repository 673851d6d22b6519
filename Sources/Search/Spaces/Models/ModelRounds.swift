/// The rounds of a search that asks models for architectures: what they came to, and when there are no more.
struct ModelRounds: Sendable {
  /// What asking came to so far.
  var counts = ModelSearchCounts()
  /// Why there are no more rounds: one sentence; nil while there are.
  private(set) var ending: String?
  /// Whether that is because a limit on the models is reached.
  private(set) var isOutOfBudget = false
  /// Rounds in a row without a new architecture, and whether the present one had any.
  private var idle = 0
  private var isFruitful = true

  /// Begins another round, if there is to be one.
  ///
  /// - Parameter barren: what is said of so many rounds in a row that gave nothing: `replies in a row held`.
  mutating func begin(_ settings: CoLLMSettings, barren: String) -> Bool {
    guard ending == nil else { return false }
    if !isFruitful { idle += 1 }
    if idle >= max(1, settings.patience) {
      ending = "\(idle) \(barren) no new architecture."
      return false
    }
    if let most = settings.iterations, counts.iterations >= most {
      ending = "The limit of \(most) iterations is reached."
      return false
    }
    counts.iterations += 1
    isFruitful = false
    return true
  }

  /// Ends the rounds where what the models may cost is used up; all that was found stays.
  ///
  /// - Throws: any other error.
  mutating func end(after error: SearchError) throws(SearchError) {
    guard error.isEndOfBudget else { throw error }
    (ending, isOutOfBudget) = (error.description, true)
  }

  /// Counts what became of an architecture.
  mutating func count<Genotype>(_ result: SpaceResult<Genotype>) {
    counts.count(result.verdict)
    if result.isPaid { (isFruitful, idle) = (true, 0) }
  }
}
