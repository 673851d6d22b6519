/// What makes two keys of a dict or set the same: Python's `==` and `hash`.
enum HashKey: Hashable {
  case none
  case ellipsis
  case int(Int)
  case float(Double)
  case string(String)
  case tuple([HashKey])
  /// A frozenset, whatever the order of its elements.
  case set(Set<HashKey>)
  case identity(ObjectIdentifier)
  case name(String)
}

/// A dict, which keeps the order of insertion.
final class PythonDictionary: HeapObject {
  /// Which of Python's dictionaries it is.
  enum Kind {
    case plain, ordered
    /// A missing key is made by calling this.
    case defaulting(PythonValue)
    case counter
  }

  var kind: Kind
  /// The object whose `__dict__` it is: what is set and removed here is set and removed there.
  var owner: PythonInstance?
  private var places: [HashKey: Int] = [:]
  private var storage: [(key: PythonValue, hash: HashKey, value: PythonValue)?] = []

  init(_ kind: Kind = .plain) { self.kind = kind }

  var count: Int { places.count }
  var keys: [PythonValue] { storage.compactMap { $0?.key } }
  var values: [PythonValue] { storage.compactMap { $0?.value } }
  var items: [(key: PythonValue, hash: HashKey, value: PythonValue)] { storage.compactMap(\.self) }

  subscript(hash: HashKey) -> PythonValue? {
    places[hash].flatMap { storage[$0]?.value }
  }

  func set(_ key: PythonValue, _ hash: HashKey, _ value: PythonValue) {
    if let owner, case .string(let name) = hash { owner.set(name, value) }
    if let place = places[hash], let old = storage[place] {
      storage[place] = (old.key, hash, value)
    } else {
      places[hash] = storage.count
      storage.append((key, hash, value))
    }
  }

  func remove(_ hash: HashKey) -> PythonValue? {
    guard let place = places.removeValue(forKey: hash), let old = storage[place] else { return nil }
    if let owner, case .string(let name) = hash { owner.remove(name) }
    storage[place] = nil
    if storage.count > 16, places.count < storage.count / 2 {
      storage = storage.filter { $0 != nil }
      for (place, item) in storage.enumerated() {
        if let item { places[item.hash] = place }
      }
    }
    return old.value
  }

  /// Moves an item to the end or the front.
  func move(_ hash: HashKey, toEnd: Bool) {
    guard let place = places[hash], let item = storage[place] else { return }
    storage[place] = nil
    if toEnd {
      places[hash] = storage.count
      storage.append(item)
    } else {
      storage = [item] + storage.filter { $0 != nil }
      for (place, item) in storage.enumerated() {
        if let item { places[item.hash] = place }
      }
    }
  }

  func removeAll() {
    if let owner {
      for case .string(let name) in places.keys { owner.remove(name) }
    }
    places = [:]
    storage = []
  }

  func clear() {
    kind = .plain
    owner = nil
    removeAll()
  }
}

/// A set; it keeps the order of insertion, which Python leaves open.
final class PythonSet: HeapObject {
  /// Whether it is a `frozenset`.
  let isFrozen: Bool
  private let dictionary = PythonDictionary()

  init(isFrozen: Bool = false) { self.isFrozen = isFrozen }

  var count: Int { dictionary.count }
  var elements: [PythonValue] { dictionary.keys }
  var items: [(key: PythonValue, hash: HashKey)] { dictionary.items.map { ($0.key, $0.hash) } }

  func contains(_ hash: HashKey) -> Bool { dictionary[hash] != nil }

  func insert(_ element: PythonValue, _ hash: HashKey) {
    if dictionary[hash] == nil { dictionary.set(element, hash, .none) }
  }

  func remove(_ hash: HashKey) -> Bool { dictionary.remove(hash) != nil }

  func clear() { dictionary.clear() }
}
