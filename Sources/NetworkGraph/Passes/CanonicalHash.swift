import RandomStreams

extension Graph {
  /// A 128-bit hash in 32 hexadecimal digits that is equal for networks that differ in writing only.
  ///
  /// Ignored are names and labels, the order of independent nodes and of variables, dead code and unused
  /// variables, operations that change nothing (see `simplified()`), different ways to say the same (see
  /// `canonicalized()`), repetition of equal operations, and order and grouping of sums and products. Everything
  /// else counts: shapes (the batch's extent too),
  /// attributes, the order of inputs and outputs, initialisation and trainability of variables, which operations
  /// share a variable, and buffer updates. Initial values count because whoever has a network's hash takes over the
  /// figures of its training. Compare traces of one kind: training traces tell apart what only
  /// training shows (dropout, momentum of running statistics).
  ///
  /// Operands of commutative functions are ordered by colour refinement (Weisfeiler & Leman 1968) with
  /// individualisation of ties, as graph canonicalisers do; then the graph is numbered from its outputs and its
  /// text hashed. Unequal networks never share that text. Equal ones could miss each other only if refinement
  /// took different nodes for alike, which takes contrived sharing of variables, or after more ties than
  /// `CanonicalForm.tieLimit`.
  public var canonicalHash: String { StableHash.hexadecimal128(canonicalText) }

  /// The text that is hashed: one line per node in canonical order.
  var canonicalText: String {
    let graph = canonicalized()
    var form = CanonicalForm(graph)
    form.breakTies()
    return form.text()
  }
}

/// The hash of numbers by their bits, in 32 hexadecimal digits.
func contentHash(of values: [Float]) -> String { contentHash(ofBits: values.map(\.bitPattern)) }

/// The hash of whole numbers by their bits, in 32 hexadecimal digits.
func contentHash(of values: [Int32]) -> String {
  contentHash(ofBits: values.map { UInt32(bitPattern: $0) })
}

private func contentHash(ofBits values: [UInt32]) -> String {
  // The digits of each number and a space, written by hand: a position encoding has 100,000 numbers.
  var text: [UInt8] = []
  text.reserveCapacity(values.count * 9)
  for value in values {
    var shift = UInt32(max(0, 31 - value.leadingZeroBitCount) / 4 * 4)
    while true {
      let digit = UInt8(value >> shift & 15)
      text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      if shift == 0 { break }
      shift -= 4
    }
    text.append(UInt8(ascii: " "))
  }
  return StableHash.hexadecimal128(String(decoding: text, as: UTF8.self))
}

/// A graph as plain nodes and operands, with what it yields and updates as nodes too, and a colour per node.
struct CanonicalForm {
  /// How many ties between operands of commutative functions are broken; bounds the time on hostile graphs.
  static let tieLimit = 64

  private struct Operand {
    let node: Int
    let output: Int
  }

  private struct Vertex {
    let signature: String
    let operands: [Operand]
    let isCommutative: Bool
  }

  private var vertices: [Vertex] = []
  private var consumers: [[(node: Int, port: Int, output: Int)]] = []
  private var colours: [UInt64] = []

  /// The last vertex is the root: outputs in order, then all buffer updates in any order.
  init(_ graph: Graph) {
    let inputs = Dictionary(
      graph.inputs.enumerated().map { ($1.value, $0) }, uniquingKeysWith: { first, _ in first })
    let variables = Dictionary(
      (graph.parameters + graph.buffers).map { ($0.value, $0) }, uniquingKeysWith: { first, _ in first })
    let sums = Self.sums(in: graph)
    for (index, node) in graph.nodes.enumerated() {
      if sums.absorbed[index] {
        vertices.append(Vertex(signature: "", operands: [], isCommutative: false))
        continue
      }
      let types = node.outputs.map { graph.type(of: $0).description }.joined(separator: " ")
      var signature: String
      switch node.operation {
      case .input:
        signature = "input \(node.outputs.first.flatMap { inputs[$0] } ?? -1)"
      case .parameter, .buffer:
        let variable = node.outputs.first.flatMap { variables[$0] }
        signature = "\(node.operation.name) \(variable?.initializer.description ?? "")"
        if variable?.isTrainable == true { signature += " trainable" }
      default:
        signature = node.operation.description
      }
      signature += " : \(types)"
      vertices.append(
        Vertex(
          signature: signature,
          operands: (sums.terms[index] ?? node.inputs).map { Self.operand($0, in: graph) },
          isCommutative: node.operation.isCommutative))
    }
    let updates = graph.bufferUpdates.map { update in
      vertices.append(
        Vertex(
          signature: "update", operands: [update.buffer, update.value].map { Self.operand($0, in: graph) },
          isCommutative: false))
      return Operand(node: vertices.count - 1, output: 0)
    }
    vertices.append(Vertex(signature: "updates", operands: updates, isCommutative: true))
    let all = Operand(node: vertices.count - 1, output: 0)
    vertices.append(
      Vertex(
        signature: "root", operands: graph.outputs.map { Self.operand($0, in: graph) } + [all],
        isCommutative: false))
    consumers = Array(repeating: [], count: vertices.count)
    for (node, vertex) in vertices.enumerated() {
      for (port, operand) in vertex.operands.enumerated() {
        consumers[operand.node].append((node, vertex.isCommutative ? 0 : port, operand.output))
      }
    }
    colours = vertices.map { vertex in
      var hash = StableHash()
      hash.combine(vertex.signature)
      return hash.value
    }
    refine()
  }

  /// By node: the terms of sums and products of more than two, and whether a node is part of one behind it.
  ///
  /// A sum is part of another if nothing else reads it and its type is the same.
  private static func sums(in graph: Graph) -> (terms: [Int: [ValueID]], absorbed: [Bool]) {
    let readers = graph.readerCounts()
    var terms: [Int: [ValueID]] = [:]
    var absorbed = [Bool](repeating: false, count: graph.nodes.count)
    for (index, node) in graph.nodes.enumerated() {
      guard node.operation == .binary(.add) || node.operation == .binary(.multiply) else { continue }
      var all: [ValueID] = []
      for input in node.inputs {
        let producer = graph.values[input.index].producer
        if graph.nodes[producer].operation == node.operation, readers[input.index] == 1,
          graph.type(of: input) == graph.type(of: node.outputs[0])
        {
          absorbed[producer] = true
          all += terms.removeValue(forKey: producer) ?? graph.nodes[producer].inputs
        } else {
          all.append(input)
        }
      }
      if all.count > 2 { terms[index] = all }
    }
    return (terms, absorbed)
  }

  private static func operand(_ value: ValueID, in graph: Graph) -> Operand {
    let producer = graph.values[value.index].producer
    return Operand(node: producer, output: graph.nodes[producer].outputs.firstIndex(of: value) ?? 0)
  }

  /// Mixes into every colour those of all ancestors and descendants until no more nodes are told apart.
  private mutating func refine() {
    var distinct = Set(colours).count
    while true {
      var refined = colours
      for node in vertices.indices {
        var parts = vertices[node].operands.map { Self.mixed(refined[$0.node], $0.output, 0) }
        if vertices[node].isCommutative { parts.sort() }
        refined[node] = Self.mixed(refined[node], parts)
      }
      for node in vertices.indices.reversed() {
        let parts = consumers[node].map { Self.mixed(refined[$0.node], $0.output, $0.port + 1) }.sorted()
        refined[node] = Self.mixed(refined[node], parts)
      }
      colours = refined
      let count = Set(refined).count
      if count <= distinct { return }
      distinct = count
    }
  }

  /// Tells apart operands of commutative functions that refinement left alike, one after the other.
  mutating func breakTies() {
    for _ in 0..<Self.tieLimit {
      var tie: (colour: UInt64, node: Int)?
      for vertex in vertices where vertex.isCommutative {
        var first: [UInt64: Int] = [:]
        for operand in vertex.operands {
          let colour = colours[operand.node]
          if let other = first[colour], other != operand.node {
            if colour < tie?.colour ?? .max { tie = (colour, operand.node) }
          } else {
            first[colour] = operand.node
          }
        }
      }
      guard let tie else { return }
      // Alike means interchangeable, so whichever of them is marked gives the same text.
      colours[tie.node] = Self.mixed(tie.colour, [1])
      refine()
    }
  }

  /// One line per node that the root depends on, numbered as a walk from the root meets them.
  func text() -> String {
    var numbers = [Int?](repeating: nil, count: vertices.count)
    var lines: [String] = []
    // An explicit stack: networks may be deeper than the call stack is.
    var stack: [(node: Int, operands: [Operand], next: Int)] = []
    func push(_ node: Int) { stack.append((node, ordered(vertices[node]), 0)) }
    push(vertices.count - 1)
    while let top = stack.last {
      if top.next < top.operands.count {
        stack[stack.count - 1].next += 1
        let node = top.operands[top.next].node
        if numbers[node] == nil { push(node) }
      } else {
        stack.removeLast()
        let operands = top.operands.map { " \(numbers[$0.node] ?? -1).\($0.output)" }
        numbers[top.node] = lines.count
        lines.append("\(vertices[top.node].signature) <-\(operands.joined())")
      }
    }
    return lines.joined(separator: "\n")
  }

  private func ordered(_ vertex: Vertex) -> [Operand] {
    guard vertex.isCommutative else { return vertex.operands }
    return vertex.operands.sorted { (colours[$0.node], $0.output) < (colours[$1.node], $1.output) }
  }

  private static func mixed(_ colour: UInt64, _ output: Int, _ port: Int) -> UInt64 {
    mixed(colour, [UInt64(truncatingIfNeeded: output), UInt64(truncatingIfNeeded: port)])
  }

  private static func mixed(_ colour: UInt64, _ parts: [UInt64]) -> UInt64 {
    var hash = StableHash(salt: colour)
    for part in parts { hash.combine(part) }
    return hash.value
  }
}
