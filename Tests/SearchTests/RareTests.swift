import Foundation
import Testing

@testable import Search

@Suite("Properties that few records have")
struct RareTests {
  private struct Holder: Codable, Hashable {
    var name = "a"
    @Rare var rare: [Int]?

    init(_ rare: [Int]?) { self.rare = rare }
  }

  @Test("They code as what they hold, without a key where that is nothing")
  func coding() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    for (holder, text) in [
      (Holder([1, 2]), #"{"name":"a","rare":[1,2]}"#), (Holder(nil), #"{"name":"a"}"#),
    ] {
      #expect(String(decoding: try encoder.encode(holder), as: UTF8.self) == text)
      #expect(try JSONDecoder().decode(Holder.self, from: Data(text.utf8)) == holder)
    }
    let null = try JSONDecoder().decode(Holder.self, from: Data(#"{"name":"a","rare":null}"#.utf8))
    #expect(null.rare == nil)
    let list = try JSONDecoder().decode([Rare<[Int]>].self, from: Data("[[3],null]".utf8))
    #expect(list.map(\.wrappedValue) == [[3], nil])
    #expect(String(decoding: try encoder.encode(list), as: UTF8.self) == "[[3],null]")
  }

  @Test("Copies are values of their own, equal and hashed by what they hold")
  func values() {
    let one = Holder([1])
    var other = one
    other.rare?.append(2)
    #expect(one.rare == [1] && other.rare == [1, 2] && one != other)
    #expect(other == Holder([1, 2]) && other.hashValue == Holder([1, 2]).hashValue)
    other.rare = nil
    #expect(other == Holder(nil) && other != one)
  }
}
