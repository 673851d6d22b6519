import PythonSyntax
import Testing

@Suite("Editing")
struct SourceEditorTests {
  private func edit(_ lower: Int, _ upper: Int, _ replacement: String) -> TextEdit {
    TextEdit(SourceRange(lower, upper), replacement)
  }

  @Test("Edits apply in any order, insertions at one place in the order given")
  func applying() throws {
    #expect(
      try "abcdef".applying([edit(4, 5, "E"), edit(0, 1, "A"), edit(2, 2, "-"), edit(2, 2, "+")])
        == "Ab-+cdEf")
    #expect(
      try "abc".applying([edit(1, 2, ""), edit(1, 1, "<"), edit(2, 2, ">"), edit(3, 3, "!")]) == "a<>c!")
    #expect(try "żółw".applying([edit(2, 4, "o")]) == "żołw")
    #expect(try "".applying([edit(0, 0, "x")]) == "x")
    #expect(try "abc".applying([]) == "abc")
  }

  @Test("Edits that clash or miss the text are refused")
  func refused() {
    let (first, second) = (edit(0, 2, "x"), edit(1, 3, "y"))
    #expect(throws: TextEdit.Failure.overlapping(first, second)) { try "abc".applying([second, first]) }
    #expect(throws: TextEdit.Failure.overlapping(first, edit(1, 1, "y"))) {
      try "abc".applying([first, edit(1, 1, "y")])
    }
    #expect(throws: TextEdit.Failure.overlapping(first, first)) { try "abc".applying([first, first]) }
    #expect(throws: TextEdit.Failure.outOfBounds(edit(2, 4, ""))) { try "abc".applying([edit(2, 4, "")]) }
    #expect(throws: TextEdit.Failure.outOfBounds(edit(-1, 0, ""))) { try "abc".applying([edit(-1, 0, "")]) }
    #expect(throws: TextEdit.Failure.outOfBounds(edit(2, 1, ""))) { try "abc".applying([edit(2, 1, "")]) }
    #expect(throws: TextEdit.Failure.splitsCharacter(edit(1, 2, ""))) { try "é".applying([edit(1, 2, "")]) }
  }

  @Test("Random edits agree with replacing from the back")
  func random() throws {
    var state: UInt64 = 7
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<200 {
      let text = String((0..<(5 + next(30))).map { _ in "abcdefgh".randomElement(next) })
      var edits: [TextEdit] = []
      var offset = 0
      while offset < text.utf8.count {
        let lower = offset + next(4)
        let upper = lower + 1 + next(3)
        if upper > text.utf8.count { break }
        edits.append(edit(lower, upper, String(repeating: "X", count: next(4))))
        offset = upper
      }
      var expected = Array(text.utf8)
      for edit in edits.reversed() {
        expected.replaceSubrange(edit.range.lower..<edit.range.upper, with: edit.replacement.utf8)
      }
      let shuffled = edits.indices.sorted { ($0 * 7) % 5 < ($1 * 7) % 5 }.map { edits[$0] }
      #expect(try text.applying(shuffled) == String(decoding: expected, as: UTF8.self))
    }
  }

  private static let source = """
    class A:
        def f(self):
            a = 1  # first
            b = [
                2,
            ]
            if a: c = 3
            d = 4; e = 5
            return b
    """

  private func body(_ source: String) throws -> [Statement] {
    let module = Parser.parse(source).module
    guard case .class(let definition)? = module.body.first?.kind,
      case .function(let function)? = definition.body.first?.kind
    else {
      Issue.record("no function")
      return []
    }
    return function.body
  }

  @Test("Lines are inserted, replaced and deleted with their indentation")
  func lines() throws {
    let body = try body(Self.source)
    var editor = SourceEditor(Self.source)
    let insertedBefore = editor.insertLines("x = 0\nif x:\n    y = 1\n", before: body[0])
    let deleted = editor.deleteLines(of: body[1])
    let replaced = editor.replaceLines(of: body[5], with: "return x")
    let insertedAfter = editor.insertLines("# the end", after: body[5])
    #expect(insertedBefore && deleted && replaced && insertedAfter)
    #expect(
      try editor.result() == """
        class A:
            def f(self):
                x = 0
                if x:
                    y = 1
                a = 1  # first
                if a: c = 3
                d = 4; e = 5
                return x
                # the end
        """)
    #expect(editor.indentation(at: body[1].range.upper - 1) == "        ")
  }

  @Test("Statements that share their lines are left alone")
  func shared() throws {
    let body = try body(Self.source)
    var editor = SourceEditor(Self.source)
    guard case .if(_, let inner, _) = body[2].kind else {
      Issue.record("no if")
      return
    }
    #expect(editor.standsAlone(body[0]) && editor.standsAlone(body[1]) && editor.standsAlone(body[2]))
    for statement in [inner[0], body[3], body[4]] {
      #expect(!editor.standsAlone(statement))
      let results = [
        editor.insertLines("x", before: statement), editor.insertLines("x", after: statement),
        editor.deleteLines(of: statement), editor.replaceLines(of: statement, with: "x"),
      ]
      #expect(results == [false, false, false, false])
    }
    #expect(editor.edits.isEmpty)
  }

  @Test("Line ends and tabs stay those of the text")
  func lineEnds() throws {
    let source = "class A:\r\n\tdef f(self):\r\n\t\treturn 1\r\n"
    let body = try body(source)
    var editor = SourceEditor(source)
    let isInserted = editor.insertLines("a = 1\r\nb = 2\n", before: body[0])
    #expect(isInserted)
    #expect(
      try editor.result()
        == "class A:\r\n\tdef f(self):\r\n\t\ta = 1\r\n\t\tb = 2\r\n\t\treturn 1\r\n")
  }

  @Test(
    "Every statement of the fixtures that stands alone can be replaced by itself",
    arguments: Fixtures.sources.map(\.name))
  func fixtures(_ name: String) throws {
    let source = try #require(Fixtures.sources.first { $0.name == name }).text
    let bytes = Array(source.utf8)
    var editor = SourceEditor(source)
    var count = 0
    for statement in Parser.parse(source).module.body where editor.standsAlone(statement) {
      let lines = editor.lines(of: statement.range)
      editor.replace(lines, with: String(decoding: bytes[lines.lower..<lines.upper], as: UTF8.self))
      count += 1
    }
    #expect(count > 0)
    #expect(try editor.result() == source)
  }
}

extension String {
  fileprivate func randomElement(_ next: (Int) -> Int) -> Character {
    self[index(startIndex, offsetBy: next(count))]
  }
}
