/// A pattern as instructions for `RegularExpressionMatcher`.
struct RegularExpressionProgram {
  enum Instruction {
    case character(CharacterTest)
    case boundary(RegularExpressionNode.Boundary)
    /// Goes on at the first place, and at the second where that fails.
    case split(Int, Int)
    case jump(Int)
    /// Remembers the position in a slot.
    case save(Int)
    /// So many characters that pass one test.
    case run(CharacterTest, ClosedRange<Int>, isLazy: Bool)
    /// Begins a loop, whose count and last start are in the slot and the one behind it.
    case enter(slot: Int)
    /// The end of a loop's body: goes on there, or behind it.
    case again(slot: Int, ClosedRange<Int>, body: Int, isLazy: Bool)
    /// Tries the body of a lazy loop once more, when what follows has failed.
    case more(slot: Int, ClosedRange<Int>, body: Int)
    /// Runs the instructions behind it up to their `finish` by themselves; then goes on at `end`.
    case isolated(Isolation, end: Int)
    case backreference(Int, ignoresCase: Bool)
    /// Goes on behind it where the group has matched, else there.
    case condition(group: Int, otherwise: Int)
    case finish
  }

  enum Isolation {
    case atomic
    case look(back: Int, isNegative: Bool)
  }

  private(set) var instructions: [Instruction] = []
  /// How many slots a match needs: two for each group and the whole, one for the group closed last, and two for
  /// each loop.
  private(set) var slotCount: Int
  let groupCount: Int
  let names: [(name: String, index: Int)]
  let flags: RegularExpressionFlags

  /// Reads a pattern.
  init(_ text: [UInt32], _ flags: RegularExpressionFlags) throws(RegularExpressionFailure) {
    var parser = RegularExpressionParser(text, flags)
    let tree = try parser.parse()
    groupCount = parser.groupCount
    names = parser.names
    self.flags = parser.flags
    slotCount = 2 * parser.groupCount + 3
    emit(tree)
    instructions.append(.finish)
  }

  private mutating func emit(_ node: RegularExpressionNode) {
    switch node {
    case .character(let test): instructions.append(.character(test))
    case .boundary(let boundary): instructions.append(.boundary(boundary))
    case .sequence(let nodes): for node in nodes { emit(node) }
    case .alternatives(let nodes): emit(alternatives: nodes)
    case .plain(let node): emit(node)
    case .group(let node, let index):
      instructions.append(.save(2 * index))
      emit(node)
      instructions.append(.save(2 * index + 1))
    case .repetition(let node, let counts, let greed): emit(node, counts, greed)
    case .look(let node, let back, let isNegative):
      isolate(.look(back: back, isNegative: isNegative)) { $0.emit(node) }
    case .atomic(let node): isolate(.atomic) { $0.emit(node) }
    case .backreference(let group, let ignoresCase):
      instructions.append(.backreference(group, ignoresCase: ignoresCase))
    case .conditional(let group, let yes, let no):
      let test = instructions.count
      instructions.append(.finish)
      emit(yes)
      let jump = instructions.count
      instructions.append(.finish)
      instructions[test] = .condition(group: group, otherwise: instructions.count)
      emit(no)
      instructions[jump] = .jump(instructions.count)
    }
  }

  private mutating func emit(alternatives nodes: [RegularExpressionNode]) {
    var jumps: [Int] = []
    for (index, node) in nodes.enumerated() {
      guard index < nodes.count - 1 else {
        emit(node)
        break
      }
      let split = instructions.count
      instructions.append(.finish)
      emit(node)
      jumps.append(instructions.count)
      instructions.append(.finish)
      instructions[split] = .split(split + 1, instructions.count)
    }
    for jump in jumps { instructions[jump] = .jump(instructions.count) }
  }

  private mutating func emit(
    _ node: RegularExpressionNode, _ counts: ClosedRange<Int>, _ greed: RegularExpressionNode.Greed
  ) {
    if greed == .possessive {
      isolate(.atomic) { $0.emit(node, counts, .greedy) }
      return
    }
    if case .character(let test) = node {
      instructions.append(.run(test, counts, isLazy: greed == .lazy))
      return
    }
    let slot = slotCount
    slotCount += 2
    instructions.append(.enter(slot: slot))
    let jump = instructions.count
    instructions.append(.finish)
    emit(node)
    instructions[jump] = .jump(instructions.count)
    instructions.append(.again(slot: slot, counts, body: jump + 1, isLazy: greed == .lazy))
    if greed == .lazy {
      // Passed over when the loop ends.
      instructions.append(.jump(instructions.count + 2))
      instructions.append(.more(slot: slot, counts, body: jump + 1))
    }
  }

  private mutating func isolate(_ isolation: Isolation, _ body: (inout Self) -> Void) {
    let start = instructions.count
    instructions.append(.finish)
    body(&self)
    instructions.append(.finish)
    instructions[start] = .isolated(isolation, end: instructions.count)
  }
}
