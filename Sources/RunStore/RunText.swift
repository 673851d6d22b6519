import Foundation

/// A row that holds something that none of ours would.
struct UnreadableRow: Error {
  var table: String
  var row: String

  /// What `body` gives; where that cannot be understood, the row is named.
  static func named<Result>(
    _ table: String, _ row: @autoclosure () throws -> String, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch is DecodingError {
      throw UnreadableRow(table: table, row: try row())
    }
  }
}

/// Records and lists as text in a column.
enum RunText {
  /// What is thrown where a row holds something that none of ours would.
  static var unreadable: any Error {
    DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "a value that no run has"))
  }

  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }

  /// Numbers as JSON, which SQLite's `json_each` takes apart.
  static func list(_ numbers: some Sequence<Int>) -> String {
    var text = "["
    for number in numbers {
      if text.utf8.count > 1 { text += "," }
      text += String(number)
    }
    return text + "]"
  }

  /// The numbers of such a list.
  static func numbers(_ list: String) throws -> [Int] {
    let text = list.utf8.span
    guard text.count >= 2, text[0] == UInt8(ascii: "["), text[text.count - 1] == UInt8(ascii: "]") else {
      throw unreadable
    }
    if text.count == 2 { return [] }
    var numbers: [Int] = []
    var number: Int?
    for index in 1..<text.count - 1 {
      let byte = text[index]
      if byte == UInt8(ascii: ","), let finished = number {
        numbers.append(finished)
        number = nil
        continue
      }
      let digit = Int(byte) - Int(UInt8(ascii: "0"))
      let (tens, isTooMuch) = (number ?? 0).multipliedReportingOverflow(by: 10)
      guard (0...9).contains(digit), !isTooMuch, tens <= Int.max - digit else { throw unreadable }
      number = tens + digit
    }
    guard let number else { throw unreadable }
    numbers.append(number)
    return numbers
  }
}

/// Writes finite numbers by name as JSON objects, each in the order of its names; an encoder takes many times as long.
///
/// Objects one behind the other mostly have the same names, which are then sorted and quoted once.
struct NumberObjectText {
  private var names: [String] = []
  /// What stands before the number of each name, one behind the other, and where each ends.
  private var labels: [UInt8] = []
  private var ends: [Int] = []
  /// Room for all labels with numbers of whatever length.
  private var bytes: [UInt8] = []

  /// No number takes more, such as -1.2345678901234567e-308.
  private static let longestNumber = 32

  /// The numbers as a JSON object; nil where one is not finite, which JSON cannot say.
  mutating func object(_ numbers: [String: Double]) throws -> String? {
    if numbers.isEmpty { return "{}" }
    if let text = known(numbers) { return text }
    guard numbers.allSatisfy({ $0.value.isFinite }) else { return nil }
    names = numbers.keys.sorted()
    (labels, ends) = ([], [])
    for name in names {
      labels += ((labels.isEmpty ? "{" : ",") + (try RunText.encode(name)) + ":").utf8
      ends.append(labels.count)
    }
    bytes = [UInt8](repeating: 0, count: labels.count + Self.longestNumber * names.count + 1)
    guard let text = known(numbers) else { throw RunText.unreadable }
    return text
  }

  /// Nil where the numbers do not have the known names, or one is not finite.
  private mutating func known(_ numbers: [String: Double]) -> String? {
    guard names.count == numbers.count, !names.isEmpty else { return nil }
    var (place, start) = (0, 0)
    do {
      let (names, labels, ends) = (self.names, self.labels, self.ends)
      let labelBytes = labels.span
      var bytes = self.bytes.mutableSpan
      for index in names.indices {
        guard let number = numbers[names[index]], number.isFinite else { return nil }
        for byte in start..<ends[index] {
          bytes[place] = labelBytes[byte]
          place &+= 1
        }
        start = ends[index]
        if let whole = Int(exactly: number), whole.magnitude < 1_000_000_000_000_000 {
          Self.write(whole, to: &bytes, at: &place)
        } else {
          for byte in number.description.utf8 {
            bytes[place] = byte
            place &+= 1
          }
        }
      }
      bytes[place] = UInt8(ascii: "}")
    }
    return String(decoding: bytes[...place], as: UTF8.self)
  }

  /// Writes a whole number's decimal digits.
  private static func write(_ number: Int, to bytes: inout MutableSpan<UInt8>, at place: inout Int) {
    if number < 0 {
      bytes[place] = UInt8(ascii: "-")
      place += 1
    }
    var (rest, count) = (number.magnitude, 1)
    var power: UInt = 10
    while power <= rest {
      power *= 10
      count += 1
    }
    for digit in 1...count {
      bytes[place + count - digit] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    place += count
  }
}
