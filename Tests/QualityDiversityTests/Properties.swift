import QualityDiversity
import RandomStreams
import Testing

/// A test of a claim that must hold for any list of things, with the shortest list at hand where it does not.
///
/// Lists come from a seeded generator, each longer than the last. One that breaks the claim is cut down as long as it
/// still does, by halves, quarters and so on down to single elements, and what is left is reported.
struct Property<Element> {
  var seed: UInt64
  var rounds = 12
  var greatestCount = 90
  var generate: (inout RandomStream) -> Element

  /// Checks the claim, which throws where it does not hold.
  func check(_ claim: ([Element]) throws -> Void, location: SourceLocation = #_sourceLocation) {
    for round in 0..<rounds {
      var stream = RandomStream(seed: seed).stream("property", round)
      let count = greatestCount * round / max(1, rounds - 1)
      let elements = (0..<count).map { _ in generate(&stream) }
      guard let first = failure(claim, elements) else { continue }
      let (least, error) = shrunk(elements, first, claim)
      Issue.record(
        "round \(round) of seed \(seed), cut to \(least.count) of \(count): \(error)\n\(least)",
        sourceLocation: location)
      return
    }
  }

  private func failure(_ claim: ([Element]) throws -> Void, _ elements: [Element]) -> (any Error)? {
    do {
      try claim(elements)
      return nil
    } catch {
      return error
    }
  }

  func shrunk(
    _ elements: [Element], _ error: any Error, _ claim: ([Element]) throws -> Void
  ) -> ([Element], any Error) {
    var (least, reason) = (elements, error)
    var size = max(1, least.count / 2)
    while true {
      var start = 0
      var shrank = false
      while start < least.count {
        var shorter = least
        shorter.removeSubrange(start..<min(least.count, start + size))
        if let error = failure(claim, shorter) {
          (least, reason, shrank) = (shorter, error, true)
        } else {
          start += size
        }
      }
      if size == 1, !shrank { return (least, reason) }
      size = max(1, size / 2)
    }
  }
}

/// What a claim found not to hold.
struct Broken: Error, CustomStringConvertible {
  var description: String
}

/// Throws what was found where the two differ.
func same<Value: Equatable>(_ ours: Value, _ expected: Value, _ what: String) throws {
  guard ours == expected else { throw Broken(description: "\(what): \(ours) is not \(expected)") }
}

/// Throws where the two differ by more than rounding.
func close(_ ours: Double, _ expected: Double, _ what: String, by tolerance: Double = 1e-12) throws {
  guard abs(ours - expected) <= tolerance * max(1, abs(expected)) else {
    throw Broken(description: "\(what): \(ours) is not \(expected)")
  }
}

@Suite struct PropertyTests {
  @Test func failuresAreCutDown() {
    let property = Property(seed: 1) { $0.integer(below: 100) }
    let claim: ([Int]) throws -> Void = { try same($0.filter { $0 > 90 }.count < 2, true, "two above 90") }
    var stream = RandomStream(seed: 2)
    let numbers = (0..<200).map { _ in stream.integer(below: 100) }
    let (least, _) = property.shrunk(numbers, Broken(description: ""), claim)
    #expect(least.count == 2 && least.allSatisfy { $0 > 90 })
  }
}
