/// One cell of NAS-Bench-201 (Dong & Yang 2020): an operation for each of the six edges between four nodes.
///
/// A node is the sum of what its edges bring; node 0 is the cell's input, node 3 its output. A cell is one small
/// number, so that comparing, hashing and varying cells costs nothing. It is coded as its arch string.
public struct NASBench201Cell: Sendable, Hashable {
  /// The operations as digits to base 5, the first edge's the highest: 0 ..< 15,625.
  ///
  /// This is the order in which the benchmark's authors listed the cells before they shuffled the list.
  let code: UInt16

  /// How many cells there are.
  public static let count = 15_625

  /// From which node to which the edges go, in the order of arch strings.
  public static let edges: [(source: Int, target: Int)] = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]

  static let edgeCount = 6

  init(code: UInt16) { self.code = code }

  /// The cell at a place in the benchmark's own order; nil where there is none.
  public init?(index: Int) {
    guard (0..<Self.count).contains(index) else { return nil }
    code = NASBench201Order.codes[index]
  }

  /// The cell with these operations, in the order of arch strings.
  ///
  /// - Throws: where they are not six.
  public init(_ operations: [NASBench201Operation]) throws(SearchSpaceError) {
    guard operations.count == Self.edgeCount else {
      throw SearchSpaceError("A cell has \(Self.edgeCount) operations, and here are \(operations.count).")
    }
    code = operations.reduce(0) { $0 * 5 + UInt16($1.rawValue) }
  }

  /// Its place in the benchmark's own order, in which all tables of the benchmark are.
  public var index: Int { Int(NASBench201Order.indices[Int(code)]) }

  /// The operation of an edge, 0 ..< 6.
  public subscript(edge: Int) -> NASBench201Operation {
    NASBench201Operation(rawValue: digit(edge)) ?? .none
  }

  /// The six operations, in the order of arch strings.
  public var operations: [NASBench201Operation] { (0..<Self.edgeCount).map { self[$0] } }

  /// The number of an edge's operation.
  func digit(_ edge: Int) -> Int { Int(code) / Self.weight(edge) % 5 }

  /// The cell with another operation on one edge.
  func replacing(_ edge: Int, with digit: Int) -> NASBench201Cell {
    NASBench201Cell(code: UInt16(Int(code) + (digit - self.digit(edge)) * Self.weight(edge)))
  }

  private static func weight(_ edge: Int) -> Int {
    switch edge {
    case 0: 3125
    case 1: 625
    case 2: 125
    case 3: 25
    case 4: 5
    default: 1
    }
  }
}

extension NASBench201Cell: CustomStringConvertible {
  /// The arch string, such as `|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|`.
  public var description: String {
    var text = ""
    for (edge, nodes) in Self.edges.enumerated() {
      // Each node's edges begin with the one from node 0.
      text += nodes.source == 0 ? (edge == 0 ? "|" : "+|") : ""
      text += "\(self[edge].name)~\(nodes.source)|"
    }
    return text
  }
}

extension NASBench201Cell: Codable {
  /// Reads an arch string.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      self = try NASBench201Cell(text: try container.decode(String.self))
    } catch let error as SearchSpaceError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
    }
  }

  /// Writes the arch string.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
