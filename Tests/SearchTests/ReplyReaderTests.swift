import RandomStreams
import Testing

@testable import Search

@Suite("Finding the program in a reply")
struct ReplyReaderTests {
  private let program = "import torch.nn as nn\n\nclass Net(nn.Module):\n    pass\n"

  @Test("A fenced block, whatever its language tag and whatever stands around it")
  func fences() {
    for tag in ["python", "", "py", "Python title=\"x\""] {
      #expect(ReplyReader.program(in: "Sure!\n\n```\(tag)\n\(program)```\nIt is better because …") == program)
    }
    #expect(ReplyReader.program(in: "```python\n\(program)\n\n```") == program + "\n\n")
  }

  @Test("Of several blocks the first one with a class")
  func severalBlocks() {
    let reply =
      "First:\n```bash\npip install torch\n```\nthen\n```python\n\(program)```\nor\n```python\nclass Other: pass\n```"
    #expect(ReplyReader.program(in: reply) == program)
    #expect(ReplyReader.program(in: "```python\nx = 1\n```\nclass Net is better\n") == nil)
  }

  @Test("Reasoning in front of the answer is not the answer")
  func reasoning() {
    let thought = "```python\nclass Net(nn.Module): pass\n```\nno, more layers"
    for name in ["think", "thinking", "reasoning"] {
      let reply = "\n<\(name)>\n\(thought)\n</\(name)>\n```python\n\(program)```"
      #expect(ReplyReader.program(in: reply) == program)
    }
    #expect(ReplyReader.program(in: "<think>\n\(thought)")?.contains("class Net") == true)
  }

  @Test("A reply that is cut off within its block")
  func cutOff() {
    #expect(
      ReplyReader.program(in: "```python\nclass Net(nn.Module):\n    def __init__(se")
        == "class Net(nn.Module):\n    def __init__(se\n")
    #expect(ReplyReader.program(in: "```python\nimport torch\n") == nil)
    #expect(ReplyReader.program(in: "```") == nil)
  }

  @Test("A program without fences begins at its first import or class")
  func withoutFence() {
    #expect(ReplyReader.program(in: "Here it is.\n\n\(program)") == program + "\n")
    #expect(ReplyReader.program(in: "class Net:\n    pass") == "class Net:\n    pass\n")
    #expect(ReplyReader.program(in: "import os\nx = 1\n") == nil)
  }

  @Test("No code at all")
  func noCode() {
    for reply in [
      "", "\n\n", "I cannot do that.", "The class Net is fine.", "``` inline ``` only", "{\"edits\": []}",
    ] {
      #expect(ReplyReader.program(in: reply) == nil)
    }
  }

  @Test("Windows line ends")
  func carriageReturns() {
    let reply = "Sure!\n```python\n\(program)```\nDone.".split(
      separator: "\n", omittingEmptySubsequences: false
    )
    .joined(separator: "\r\n")
    #expect(ReplyReader.program(in: reply) == program)
    #expect(
      ReplyReader.program(in: "import torch\r\nclass Net:\r\n    pass\r\n")
        == "import torch\nclass Net:\n    pass\n\n")
  }

  @Test("A block within a list is brought to the margin")
  func indentedFence() {
    let reply = "1. This:\n   ```python\n   class Net:\n       pass\n   ```\n"
    #expect(ReplyReader.program(in: reply) == "class Net:\n    pass\n")
    // What is indented less than its fence stays as it is.
    #expect(ReplyReader.program(in: "  ```\nclass Net:\n    pass\n  ```") == "class Net:\n  pass\n")
  }

  @Test("Any mixture of pieces is read without a crash, and what comes out has a class", arguments: 0..<40)
  func fuzz(seed: UInt64) {
    var random = RandomStream(seed: seed)
    let pieces = [
      "```", "```python", "\n", "\r\n", "class A:", "import x", "    pass", "   ", "`", "é", "\u{2028}",
      "text",
    ]
    for _ in 0..<50 {
      let reply = (0..<random.integer(below: 30)).map { _ in random.element(of: pieces) ?? "" }.joined()
      if let program = ReplyReader.program(in: reply) {
        #expect(program.split(separator: "\n").contains { $0.hasPrefix("class ") })
        #expect(program.hasSuffix("\n") && !program.contains("\r\n"))
      }
    }
  }
}
