import Foundation
import RandomStreams
import Testing

@testable import RunStore

@Suite("Numbers by name as text")
struct NumberObjectTests {
  @Test("They are read again as they were, in the order of their names, whatever was written before")
  func objects() throws {
    var stream = RandomStream(seed: 7).stream("numbers")
    var text = NumberObjectText()
    let odd = ["a \"quoted\" one", "back\\slash", "new\nline", "schön", "", "conv2d", "macs"]
    let numbers: [Double] = [
      0, -0.0, 1, -1, 9, 10, 99, 100, -12_345, 999_999_999_999_999, 1e15, -1e15, 1e300, 0.1, -2.5e-308,
      .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1 / 3,
    ]
    for round in 0..<300 {
      // Runs of the same names, as candidates have them, and changes between them.
      let names = round % 3 == 0 ? odd : round % 3 == 1 ? Array(odd.prefix(round % 7)) : ["conv2d", "macs"]
      let object = names.reduce(into: [String: Double]()) {
        $0[$1] = stream.bernoulli(0.5) ? stream.element(of: numbers) : Double(stream.integer(below: 1 << 40))
      }
      let written = try #require(try text.object(object))
      #expect(try RunText.decode([String: Double].self, written) == object)
      let order = names.sorted().compactMap { name in (try? RunText.encode(name)).map { $0 + ":" } }
      let places = order.compactMap { written.firstRange(of: $0)?.lowerBound }
      #expect(places.count == names.count && places == places.sorted(), "\(written)")
    }
    #expect(try text.object([:]) == "{}")
    #expect(try text.object(["b": 2, "a": -70]) == "{\"a\":-70,\"b\":2}")
    #expect(try text.object(["a": .nan, "b": 1]) == nil)
    #expect(try text.object(["b": .infinity, "a": 1]) == nil, "of names that are known")
    #expect(try text.object(["b": 0.5, "a": 1e6]) == "{\"a\":1000000,\"b\":0.5}")
  }
}
