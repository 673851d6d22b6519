import Foundation
import RandomStreams
import Testing
import TorchFrontend
import Training

@testable import Search

@Suite("Files that are no configurations")
struct ConfigurationTextTests {
  @Test(
    "Bad YAML gives one sentence",
    arguments: [
      "seed: 1\n  bad: 2\n", "a: [1, 2", "\t- x", "seed: 1\nseed: 2\n", "a: *nowhere\n", "\"\\q\"",
      "%YAML 9.9\n---\n",
      "a: b\n---\nc: d\n", "key: 'open",
    ])
  func badYAML(yaml: String) throws {
    let message = try #require(complaint(yaml))
    #expect(!message.contains("\n"))
    #expect(message.hasSuffix(".") || message.hasSuffix("?"))
  }

  @Test("Aliases cannot blow a file up")
  func billionLaughs() throws {
    func bomb(_ key: String, _ use: String) -> String {
      var yaml = "\(key):\n  - &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
      for level in 1...30 {
        yaml +=
          "  - &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
      }
      return yaml + use
    }
    #expect(complaint(bomb("laughs", "")) != nil)
    #expect(complaint(bomb("descriptors", "")) != nil)
    #expect(complaint(bomb("laughs", "? *a30\n: 1\n")) != nil)
    #expect(
      complaint(
        "archive: {dimensions: [" + Array(repeating: "1", count: 30_000).joined(separator: ",") + "]}") != nil
    )
    #expect(complaint(String(repeating: " ", count: 2 << 20)) != nil)
  }

  @Test("Deep nesting does not overflow the stack")
  func deepNesting() {
    for depth in [100, 5_000, 200_000] {
      #expect(complaint("seed: " + String(repeating: "[", count: depth)) != nil)
      #expect(complaint("seed: " + String(repeating: "{a: ", count: depth)) != nil)
      #expect(complaint("seed:\n  " + String(repeating: "- ", count: depth) + "1\n") != nil)
      #expect(complaint(String(repeating: "? ", count: depth) + "1\n") != nil)
    }
  }

  @Test("Random bytes and broken pieces of a good file never crash", arguments: 0..<20)
  func fuzz(seed: UInt64) throws {
    var random = RandomStream(seed: seed)
    let good = Array(try ConfigurationReader.yaml(for: #require(RunConfiguration.preset("quickstart"))).utf8)
    for _ in 0..<20 {
      var bytes = good
      for _ in 0...random.integer(below: 6) {
        let place = random.integer(below: bytes.count)
        switch random.integer(below: 3) {
        case 0: bytes[place] = UInt8(random.integer(below: 256))
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.integer(below: 20)))
        default: bytes.insert(contentsOf: Array("[]{}:&*!-\n".utf8.shuffled(using: &random)), at: place)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      if let message = complaint(String(decoding: bytes, as: UTF8.self)) { #expect(!message.contains("\n")) }
    }
  }

  @Test("The closest word is the one with the fewest edits, if near")
  func spelling() {
    #expect(Spelling.distance("kitten", "sitting") == 3)
    #expect(Spelling.distance("", "abc") == 3 && Spelling.distance("abc", "abc") == 0)
    #expect(Spelling.closest(to: "epoch", among: ["epochs", "batch_size"]) == "epochs")
    #expect(Spelling.closest(to: "xyzzy", among: ["epochs", "batch_size"]) == nil)
    #expect(Spelling.closest(to: "a", among: []) == nil)
  }
}
