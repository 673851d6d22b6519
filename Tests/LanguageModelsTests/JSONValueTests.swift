import Foundation
import LanguageModels
import RandomStreams
import Testing

@Suite struct JSONValueTests {
  @Test func membersKeepTheirOrder() throws {
    let value: JSONValue = ["b": 1, "a": [true, nil, 0.5, "x\n\u{7F}\u{0}é\"\\/"], "c": [:], "d": []]
    let text = #"{"b":1,"a":[true,null,0.5,"x\n\u007f\u0000é\"\\/"],"c":{},"d":[]}"#
    #expect(value.encoded() == text)
    #expect(try JSONValue(parsing: text) == value)
  }

  @Test func lookUpsAreForgiving() throws {
    let value = try JSONValue(
      parsing: #"{"n": 3.0, "x": 3.5, "n2": 1e300, "l": [1, "s"], "d": 1, "d": 2, "z": null}"#)
    #expect(
      value["n"]?.integerValue == 3 && value["x"]?.integerValue == nil && value["n2"]?.integerValue == nil)
    #expect(value["l"]?[1]?.stringValue == "s" && value["l"]?[2] == nil && value["l"]?[-1] == nil)
    #expect(value["d"]?.integerValue == 2 && value["z"]?.isNull == true && value["none"] == nil)
    #expect(value["l"]?["n"] == nil && value[0] == nil && value["l"]?[0]?.numberValue == 1)
  }

  @Test(
    arguments: [
      "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\"}", "01", "-", "1.", ".5", "+1", "1e", "1e999",
      "nul",
      "truex", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u+123\"", "\"\n\"", "1 2", "NaN", "Infinity", "'a'",
      "[1 2]",
    ]) func whatIsNotJSONIsRefused(text: String)
  {
    #expect(throws: JSONParsingError.self) { try JSONValue(parsing: text) }
  }

  @Test func unusualTextsAreRead() throws {
    #expect(try JSONValue(parsing: "\u{FEFF} 5 ") == 5)
    #expect(try JSONValue(parsing: #""\ud83d\ude00\ud83dA\ude00""#) == "😀\u{FFFD}A\u{FFFD}")
    #expect(try JSONValue(parsing: #""\ud83d\u0041""#) == "\u{FFFD}A")
    #expect(try JSONValue(parsing: "9223372036854775807") == .integer(.max))
    #expect(try JSONValue(parsing: "9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try JSONValue(parsing: "-0") == 0)
  }

  @Test func depthIsBounded() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try JSONValue(parsing: nested(JSONValue.maximumDepth)) }
    #expect(throws: JSONParsingError.self) { try JSONValue(parsing: nested(JSONValue.maximumDepth + 1)) }
    #expect(throws: JSONParsingError.self) {
      try JSONValue(parsing: String(repeating: "{\"a\":", count: 1_000_000))
    }
  }

  @Test func anyValueSurvivesTheRoundTripAndFoundationAgrees() throws {
    var stream = RandomStream(seed: 11).stream("json")
    for _ in 0..<300 {
      let value = Self.random(&stream, depth: 4)
      let text = value.encoded()
      #expect(try JSONValue(parsing: text) == value)
      let stored = try JSONEncoder().encode([value])
      #expect(try JSONDecoder().decode([JSONValue].self, from: stored) == [value])
      // An independent reader finds the same, apart from the order.
      let other = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
      #expect(Self.agrees(value, other), "\(text)")
    }
  }

  @Test func noBytesCrashTheParser() throws {
    var stream = RandomStream(seed: 12).stream("fuzz")
    let seeds = [#"{"a":[1,-2.5e3,true,null,"\u00e9\ud83d\ude00"],"b":{"c":"d"}}"#, #"[[[]],{},"",0]"#]
    var accepted = 0
    for _ in 0..<5000 {
      var bytes = Array(seeds[stream.integer(below: 2)].utf8)
      for _ in 0...stream.integer(below: 4) {
        let place = stream.integer(below: bytes.count)
        switch stream.integer(below: 3) {
        case 0: bytes[place] = UInt8(stream.integer(below: 256))
        case 1: bytes.insert(UInt8(stream.integer(below: 128)), at: place)
        default: if bytes.count > 1 { bytes.remove(at: place) }
        }
      }
      let ours = try? JSONValue(parsing: bytes)
      if let ours {
        accepted += 1
        #expect(try JSONValue(parsing: ours.encoded()) == ours)
      }
    }
    #expect(accepted > 100 && accepted < 4900)
  }

  private static func random(_ stream: inout RandomStream, depth: Int) -> JSONValue {
    switch stream.integer(below: depth > 0 ? 7 : 5) {
    case 0: .null
    case 1: .boolean(stream.bernoulli(0.5))
    case 2: .integer(Int(truncatingIfNeeded: stream.next() >> UInt64(stream.integer(below: 60))))
    case 3: .number(stream.normal() * 1e5)
    case 4: .string(text(&stream))
    case 5: .array((0..<stream.integer(below: 4)).map { _ in random(&stream, depth: depth - 1) })
    default:
      .object(
        (0..<stream.integer(below: 4)).map {
          JSONValue.Member("\($0)" + text(&stream), random(&stream, depth: depth - 1))
        })
    }
  }

  private static func text(_ stream: inout RandomStream) -> String {
    let ranges: [ClosedRange<UInt32>] = [0...0x7F, 0x20...0x7E, 0xA0...0x2FF, 0x1F300...0x1F6FF]
    return String(
      String.UnicodeScalarView(
        (0..<stream.integer(below: 8)).compactMap { _ in
          let range = ranges[stream.integer(below: ranges.count)]
          return Unicode.Scalar(range.lowerBound + UInt32(stream.integer(below: range.count)))
        }))
  }

  private static func agrees(_ value: JSONValue, _ other: Any) -> Bool {
    switch value {
    case .null: other is NSNull
    case .boolean(let truth): (other as? Bool) == truth
    case .integer(let integer): (other as? NSNumber)?.intValue == integer
    // Foundation reads some numbers a few units in the last place off; our own round trip is checked exactly.
    case .number(let number):
      (other as? NSNumber).map { abs($0.doubleValue - number) <= 16 * number.ulp } ?? false
    case .string(let text): (other as? String) == text
    case .array(let elements):
      (other as? [Any]).map { $0.count == elements.count && zip(elements, $0).allSatisfy(agrees) } ?? false
    case .object(let members):
      (other as? [String: Any]).map { dictionary in
        dictionary.count == members.count
          && members.allSatisfy { member in dictionary[member.name].map { agrees(member.value, $0) } ?? false
          }
      } ?? false
    }
  }
}
