import Foundation

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

  /// Finite numbers by name as a JSON object in the order of the names; an encoder takes many times as long.
  static func object(_ numbers: [String: Double]) throws -> String {
    var text: [UInt8] = []
    text.reserveCapacity(32 * numbers.count + 2)
    for name in numbers.keys.sorted() {
      guard let number = numbers[name], number.isFinite else { return try encode(numbers) }
      text.append(UInt8(ascii: text.isEmpty ? "{" : ","))
      text.append(UInt8(ascii: "\""))
      for byte in name.utf8 {
        guard byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else {
          return try encode(numbers)
        }
        text.append(byte)
      }
      text.append(UInt8(ascii: "\""))
      text.append(UInt8(ascii: ":"))
      if let whole = Int(exactly: number), abs(number) < 1e15 {
        text.append(contentsOf: String(whole).utf8)
      } else {
        text.append(contentsOf: number.description.utf8)
      }
    }
    return text.isEmpty ? "{}" : String(decoding: text, as: UTF8.self) + "}"
  }

  /// Numbers as JSON, which SQLite's `json_each` takes apart.
  static func list(_ numbers: some Sequence<Int>) -> String {
    "[" + numbers.map(String.init).joined(separator: ",") + "]"
  }

  /// The numbers of such a list.
  static func numbers(_ list: String) throws -> [Int] {
    if list == "[]" { return [] }
    var numbers: [Int] = []
    var text = list.utf8[...]
    guard text.popFirst() == UInt8(ascii: "["), text.popLast() == UInt8(ascii: "]") else { throw unreadable }
    var number: Int?
    for byte in text {
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
    return numbers + [number]
  }
}
