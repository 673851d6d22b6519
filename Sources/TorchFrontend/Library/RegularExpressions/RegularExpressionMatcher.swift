/// Runs a pattern over a text by backtracking, in the order in which CPython tries things.
///
/// Its own stack holds what is left to try; every step is paid for, since some patterns take exponentially many.
struct RegularExpressionMatcher {
  typealias Program = RegularExpressionProgram

  private let program: Program
  private let text: [UInt32]
  /// Pays for so many steps, or throws.
  private let spend: (Int) throws(Interruption) -> Void
  private var slots: [Int]
  private var pending: [Pending] = []
  private var steps = 0
  /// Whether a match must reach the text's end.
  private let isFull: Bool
  /// Where a match must not be empty.
  private var nonEmptyStart: Int?

  /// What to do when something fails.
  private enum Pending {
    case resume(Int, position: Int)
    case restore(slot: Int, Int)
    /// A run of one test that can give back characters down to a count, or take more.
    case shorten(Int, start: Int, least: Int, count: Int)
    case lengthen(Int, position: Int, left: Int)
  }

  init(
    _ program: Program, _ text: [UInt32], isFull: Bool, spend: @escaping (Int) throws(Interruption) -> Void
  ) {
    self.program = program
    self.text = text
    self.isFull = isFull
    self.spend = spend
    slots = [Int](repeating: -1, count: program.slotCount)
  }

  /// The slots of the match that begins at a position, two for each group and the number of the group that was
  /// closed last; nil where there is none.
  ///
  /// - Parameter mustAdvance: Whether an empty match is none.
  mutating func match(at start: Int, mustAdvance: Bool = false) throws(Interruption) -> [Int]? {
    for index in slots.indices { slots[index] = -1 }
    pending.removeAll(keepingCapacity: true)
    nonEmptyStart = mustAdvance ? start : nil
    try pay(1 + slots.count / 8)
    guard let end = try run(0, start, isOutermost: true) else { return nil }
    slots[0] = start
    slots[1] = end
    return Array(slots[...(2 * program.groupCount + 2)])
  }

  /// The first match that begins at a position or behind it.
  mutating func search(from start: Int, mustAdvance: Bool = false) throws(Interruption) -> [Int]? {
    guard start <= text.count else { return nil }
    for place in start...text.count {
      if let found = try match(at: place, mustAdvance: mustAdvance && place == start) { return found }
    }
    return nil
  }

  /// A step of the interpreter is worth several of the matcher's.
  private mutating func pay(_ count: Int) throws(Interruption) {
    steps += count
    if steps >= 64 {
      try spend(steps >> 2)
      steps = 0
    }
  }

  private mutating func set(_ slot: Int, _ value: Int) {
    pending.append(.restore(slot: slot, slots[slot]))
    slots[slot] = value
  }

  /// Takes back what was done since the last choice; where to go on, or nil where nothing is left to try.
  private mutating func fail(_ base: Int) throws(Interruption) -> (Int, Int)? {
    while pending.count > base, let last = pending.popLast() {
      try pay(1)
      switch last {
      case .restore(let slot, let value): slots[slot] = value
      case .resume(let place, let position): return (place, position)
      case .shorten(let place, let start, let least, let count):
        let left = count - 1
        if left > least { pending.append(.shorten(place, start: start, least: least, count: left)) }
        return (place, start + left)
      case .lengthen(let place, let position, let left):
        guard case .run(let test, _, _) = program.instructions[place - 1], position < text.count,
          test.accepts(text[position])
        else { continue }
        if left > 1 { pending.append(.lengthen(place, position: position + 1, left: left - 1)) }
        return (place, position + 1)
      }
    }
    return nil
  }

  /// Where the match ends that begins at an instruction and a position; nil where there is none.
  ///
  /// What was left to try stays on the stack above `base`.
  private mutating func run(
    _ start: Int, _ from: Int, isOutermost: Bool
  ) throws(Interruption) -> Int? {
    let base = pending.count
    var (place, position) = (start, from)
    while true {
      try pay(1)
      var isMatching = true
      switch program.instructions[place] {
      case .character(let test):
        try pay(test.items.count >> 2)
        isMatching = position < text.count && test.accepts(text[position])
        position += 1
        place += 1
      case .boundary(let boundary):
        isMatching = holds(boundary, position)
        place += 1
      case .split(let first, let second):
        pending.append(.resume(second, position: position))
        place = first
      case .jump(let target): place = target
      case .save(let slot):
        set(slot, position)
        if !slot.isMultiple(of: 2) { set(2 * program.groupCount + 2, slot / 2) }
        place += 1
      case .run(let test, let counts, let isLazy):
        place += 1
        let wanted = isLazy ? counts.lowerBound : counts.upperBound
        var count = 0
        while count < wanted, position + count < text.count, test.accepts(text[position + count]) {
          count += 1
        }
        try pay((count * (1 + test.items.count >> 2)) >> 1)
        isMatching = count >= counts.lowerBound
        if isMatching, isLazy {
          let left = counts.upperBound - count
          if left > 0 { pending.append(.lengthen(place, position: position + count, left: left)) }
        } else if isMatching, count > counts.lowerBound {
          pending.append(.shorten(place, start: position, least: counts.lowerBound, count: count))
        }
        position += count
      case .enter(let slot):
        set(slot, -1)
        set(slot + 1, -1)
        place += 1
      case .again(let slot, let counts, let body, let isLazy):
        let count = slots[slot] + 1
        if count < counts.lowerBound {
          set(slot, count)
          place = body
        } else if isLazy {
          pending.append(.resume(place + 2, position: position))
          place += 1
        } else if count < counts.upperBound, position != slots[slot + 1] {
          pending.append(.resume(place + 1, position: position))
          set(slot, count)
          set(slot + 1, position)
          place = body
        } else {
          place += 1
        }
      case .more(let slot, let counts, let body):
        let count = slots[slot] + 1
        isMatching = count < counts.upperBound && position != slots[slot + 1]
        if isMatching {
          set(slot, count)
          set(slot + 1, position)
          place = body
        }
      case .isolated(let isolation, let end):
        isMatching = try runIsolated(isolation, place + 1, &position)
        place = end
      case .backreference(let group, let ignoresCase):
        let length = try repeats(group, at: position, ignoresCase: ignoresCase)
        isMatching = length != nil
        position += length ?? 0
        place += 1
      case .condition(let group, let otherwise):
        place = slots[2 * group + 1] >= 0 ? place + 1 : otherwise
      case .finish:
        guard isOutermost, position == nonEmptyStart || isFull && position < text.count else {
          return position
        }
        isMatching = false
      }
      if !isMatching {
        guard let next = try fail(base) else { return nil }
        (place, position) = next
      }
    }
  }

  /// Whether the instructions match by themselves; what they left to try is forgotten.
  private mutating func runIsolated(
    _ isolation: Program.Isolation, _ start: Int, _ position: inout Int
  ) throws(Interruption) -> Bool {
    let base = pending.count
    switch isolation {
    case .atomic:
      guard let end = try run(start, position, isOutermost: false) else { return false }
      try forgetChoices(above: base)
      position = end
      return true
    case .look(let back, let isNegative):
      guard position >= back else { return isNegative }
      let found = try run(start, position - back, isOutermost: false) != nil
      guard isNegative else {
        if found { try forgetChoices(above: base) }
        return found
      }
      while pending.count > base, let last = pending.popLast() {
        if case .restore(let slot, let value) = last { slots[slot] = value }
      }
      return !found
    }
  }

  private mutating func forgetChoices(above base: Int) throws(Interruption) {
    try pay(pending.count - base)
    let kept = pending[base...].filter { if case .restore = $0 { true } else { false } }
    pending.replaceSubrange(base..., with: kept)
  }

  /// How long the text of a group is that stands at a position too.
  private mutating func repeats(
    _ group: Int, at position: Int, ignoresCase: Bool
  ) throws(Interruption) -> Int? {
    let (start, end) = (slots[2 * group], slots[2 * group + 1])
    guard start >= 0, end >= start, position + (end - start) <= text.count else { return nil }
    try pay(end - start)
    let isASCII = program.flags.contains(.ascii)
    for offset in 0..<(end - start) {
      let (left, right) = (text[start + offset], text[position + offset])
      if left == right { continue }
      guard ignoresCase,
        CharacterTest.lowercase(left, isASCII) == CharacterTest.lowercase(right, isASCII)
      else { return nil }
    }
    return end - start
  }

  private func holds(_ boundary: RegularExpressionNode.Boundary, _ position: Int) -> Bool {
    switch boundary {
    case .start: return position == 0
    case .end: return position == text.count
    case .lineStart: return position == 0 || text[position - 1] == 10
    case .lineEnd: return position == text.count || text[position] == 10
    case .lastLineEnd:
      return position == text.count || position == text.count - 1 && text[position] == 10
    case .word(let isNegated, let isASCII):
      // Python finds no boundary at all in an empty text, not even none of one.
      if text.isEmpty { return false }
      let before = position > 0 && CharacterTest.belongs(text[position - 1], .word, isASCII)
      let after = position < text.count && CharacterTest.belongs(text[position], .word, isASCII)
      return (before != after) != isNegated
    }
  }
}
