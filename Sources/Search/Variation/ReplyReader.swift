/// Finds the program in a model's reply.
public enum ReplyReader {
  /// The Python source in a reply: the first fenced block that defines a class, else an unfenced program from its
  /// first import or class on; nil where there is none.
  ///
  /// Reasoning in tags in front of the answer is left out.
  public static func program(in reply: String) -> String? {
    let reply = answer(in: reply)
    // "\r\n" is one character of its own.
    let lines = reply.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    var block: [Substring] = []
    var indentation = 0
    var isInside = false
    var sawFence = false
    for line in lines {
      let text = line.drop { $0 == " " }
      if text.hasPrefix("```") {
        sawFence = true
        if isInside, definesClass(block) { return joined(block) }
        isInside.toggle()
        block = []
        indentation = line.count - text.count
      } else if isInside {
        // A block within a list is indented as its fence is, as CommonMark has it.
        block.append(line.dropFirst(min(indentation, line.count - text.count)))
      }
    }
    // A reply cut off by its token limit ends inside its block.
    if isInside, definesClass(block) { return joined(block) }
    guard !sawFence, let start = lines.firstIndex(where: startsProgram), definesClass(Array(lines[start...]))
    else {
      return nil
    }
    return joined(Array(lines[start...]))
  }

  /// What follows a model's reasoning, where the reply begins with it in tags.
  static func answer(in reply: String) -> String {
    let start = reply.drop { $0.isWhitespace }
    for name in ["think", "thinking", "reasoning"] where start.hasPrefix("<\(name)>") {
      if let end = start.firstRange(of: "</\(name)>") { return String(start[end.upperBound...]) }
    }
    return reply
  }

  private static func startsProgram(_ line: Substring) -> Bool {
    line.hasPrefix("import ") || line.hasPrefix("from ") || line.hasPrefix("class ")
  }

  private static func definesClass(_ lines: [Substring]) -> Bool {
    lines.contains { $0.hasPrefix("class ") }
  }

  private static func joined(_ lines: [Substring]) -> String {
    lines.joined(separator: "\n") + "\n"
  }
}
