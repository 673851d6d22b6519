/// How far two figures of the same things put them in the same order, from −1 to 1.
public enum RankCorrelation {
  /// Spearman's ρ: Pearson's correlation of the ranks, equal values sharing the mean of theirs.
  ///
  /// Nil where the samples are not paired or one of them does not vary.
  public static func spearman(_ first: [Double], _ second: [Double]) -> Double? {
    guard first.count == second.count, first.count > 1 else { return nil }
    let (left, right) = (SampleFigures.ranks(first), SampleFigures.ranks(second))
    let mean = Double(first.count + 1) / 2
    var (product, leftSquare, rightSquare) = (0.0, 0.0, 0.0)
    for (a, b) in zip(left, right) {
      product += (a - mean) * (b - mean)
      leftSquare += (a - mean) * (a - mean)
      rightSquare += (b - mean) * (b - mean)
    }
    guard leftSquare > 0, rightSquare > 0 else { return nil }
    return product / (leftSquare * rightSquare).squareRoot()
  }

  /// Kendall's τ-b, which takes ties out of account, in O(n log n) (Knight 1966).
  ///
  /// Nil where the samples are not paired or one of them does not vary.
  public static func kendall(_ first: [Double], _ second: [Double]) -> Double? {
    let count = first.count
    guard second.count == count, count > 1 else { return nil }
    let order = first.indices.sorted { (first[$0], second[$0]) < (first[$1], second[$1]) }
    let pairs = count * (count - 1) / 2
    let tiedFirst = tiedPairs(order) { first[$0] == first[$1] }
    let tiedBoth = tiedPairs(order) { first[$0] == first[$1] && second[$0] == second[$1] }
    var values = order.map { second[$0] }
    let swaps = inversions(&values)
    let tiedSecond = tiedPairs(Array(values.indices)) { values[$0] == values[$1] }
    let (left, right) = (Double(pairs - tiedFirst), Double(pairs - tiedSecond))
    guard left > 0, right > 0 else { return nil }
    let concordantLessDiscordant = pairs - tiedFirst - tiedSecond + tiedBoth - 2 * swaps
    return Double(concordantLessDiscordant) / (left * right).squareRoot()
  }

  /// Pairs within the runs of equal neighbours.
  private static func tiedPairs(_ order: [Int], _ areEqual: (Int, Int) -> Bool) -> Int {
    var (pairs, run) = (0, 1)
    for place in order.indices.dropFirst() {
      if areEqual(order[place - 1], order[place]) {
        pairs += run
        run += 1
      } else {
        run = 1
      }
    }
    return pairs
  }

  /// Sorts, and counts the pairs that were in the wrong order.
  private static func inversions(_ values: inout [Double]) -> Int {
    var (source, target) = (values, values)
    var swaps = 0
    var width = 1
    while width < source.count {
      for start in stride(from: 0, to: source.count, by: 2 * width) {
        let (middle, end) = (min(start + width, source.count), min(start + 2 * width, source.count))
        var (left, right) = (start, middle)
        for place in start..<end {
          if left < middle, right >= end || source[left] <= source[right] {
            target[place] = source[left]
            left += 1
          } else {
            target[place] = source[right]
            swaps += middle - left
            right += 1
          }
        }
      }
      swap(&source, &target)
      width *= 2
    }
    values = source
    return swaps
  }
}
