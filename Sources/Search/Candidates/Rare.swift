/// A property that few of many records have, kept behind a reference so that it does not make all of them larger.
///
/// It compares, hashes and codes as the value that it holds: nil has no key.
@propertyWrapper public struct Rare<Value: Codable & Sendable & Hashable>: Sendable, Hashable {
  private final class Box: Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
  }

  private var box: Box?

  /// The value, if there is one.
  public var wrappedValue: Value? {
    get { box?.value }
    set { box = newValue.map(Box.init) }
  }

  /// A property with that value, if there is one.
  public init(wrappedValue: Value?) { box = wrappedValue.map(Box.init) }

  /// Whether both hold the same.
  public static func == (left: Rare, right: Rare) -> Bool {
    left.box === right.box || left.wrappedValue == right.wrappedValue
  }

  /// Hashes what it holds.
  public func hash(into hasher: inout Hasher) { hasher.combine(wrappedValue) }
}

// What is synthesised for a type calls these for its rare properties.

extension KeyedDecodingContainer {
  /// The property of that key; without a value where there is no such key.
  func decode<Value>(_ type: Rare<Value>.Type, forKey key: Key) throws -> Rare<Value> {
    Rare(wrappedValue: try decodeIfPresent(Value.self, forKey: key))
  }
}

extension KeyedEncodingContainer {
  /// Encodes the value where there is one.
  mutating func encode<Value>(_ property: Rare<Value>, forKey key: Key) throws {
    try encodeIfPresent(property.wrappedValue, forKey: key)
  }
}

extension Rare: Codable {
  /// Decodes a value, or null.
  public init(from decoder: any Decoder) throws {
    self.init(wrappedValue: try decoder.singleValueContainer().decode(Value?.self))
  }

  /// Encodes the value, or null.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue)
  }
}
