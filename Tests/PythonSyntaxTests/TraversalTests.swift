import PythonSyntax
import Testing

@Suite("Traversal, lines and ranges")
struct TraversalTests {
  @Test(
    "A walk meets every node once, parents first, and ranges nest", arguments: Fixtures.sources.map(\.name))
  func walk(_ name: String) throws {
    let source = try #require(Fixtures.sources.first { $0.name == name }).text
    let module = Parser.parse(source).module
    // The dump is written by another traversal: it must hold as many nodes with a range.
    var visited = 0
    module.walk { node in
      visited += 1
      for child in node.children {
        #expect(child.range.lower >= node.range.lower && child.range.upper <= node.range.upper)
      }
      return true
    }
    var counted = 0
    func count(_ statements: [Statement]) {
      for statement in statements {
        counted += 1 + statement.expressions.reduce(0) { $0 + size($1) }
        count(statement.children)
      }
    }
    func size(_ expression: Expression) -> Int { 1 + expression.children.reduce(0) { $0 + size($1) } }
    count(module.body)
    #expect(visited == counted)
    #expect(visited > 30)
  }

  @Test("A walk goes into a node only where it is told to, and stops at what is thrown")
  func control() throws {
    let module = Parser.parse("def f(a=b):\n    return g(c)\nx = h(i)\n").module
    var names: [String] = []
    module.walk { node in
      if case .expression(let expression) = node, case .name(let name) = expression.kind {
        names.append(name)
      }
      if case .statement(let statement) = node, case .function = statement.kind { return false }
      return true
    }
    #expect(names == ["x", "h", "i"])
    struct Stop: Error {}
    #expect(throws: Stop.self) { try module.walk { _ throws(Stop) in throw Stop() } }
  }

  @Test("Every name of the text is met")
  func complete() throws {
    // One of each kind of place that an expression can stand in, each with a name of its own.
    let source = """
      @n0
      class C(n1, k=n2): pass
      @n3
      def f(a: n4 = n5, *b: n6, c=n7, **d: n8) -> n9: return n10
      n11 = n12.x[n13:n14:n15] = n16
      n17 += n18
      n19: n20 = n21
      raise n22 from n23
      assert n24, n25
      del n26
      if n27: n28
      elif n29: n30
      else: n31
      while n32: n33
      else: n34
      for n35 in n36: n37
      else: n38
      with n39 as n40: n41
      try: n42
      except n43: n44
      else: n45
      finally: n46
      match n47:
          case n48.x | {n49.x: [n50.x()]} | n51(y=n52.z) if n53: n54
      type X = n55
      (n56, [n57, *n58], {n59}, {n60: n61, **n62}, -n63, n64 + n65, n66 and n67, n68 < n69 < n70)
      (n71 if n72 else n73, lambda q=n74: n75, n76(n77, k=n78, *n79, **n80), [n81 for n82 in n83 if n84])
      {n85: n86 for n87 in n88}
      f'{n89:{n90}}' 'x', (z := n91)
      async def g():
          await n92
          yield n93
          yield from n94
          async for n95 in n96: n97
          async with n98 as n99: n100
      """
    let result = Parser.parse(source)
    #expect(!result.hasErrors)
    var names: [String] = []
    result.module.walk { node in
      if case .expression(let expression) = node, case .name(let name) = expression.kind {
        names.append(name)
      }
      return true
    }
    #expect(Set(names) == Set((0...100).map { "n\($0)" }))
    #expect(names.count == 101)
  }

  @Test("The statements around an offset")
  func statements() {
    let source = "class A:\n    def f(self):\n        x = 1\n        y = 2\nz = 3\n"
    let module = Parser.parse(source).module
    let offset = 48  // of `y`
    let path = module.statements(at: offset + 2)
    #expect(path.count == 3)
    #expect(path.last?.range == SourceRange(offset, offset + 5))
    #expect(module.statements(at: source.utf8.count + 10).isEmpty)
  }

  @Test("Stripped trees are equal for texts that differ in layout only")
  func stripping() {
    let first = Parser.parse("x = f(1,2) # a\nif x:\n  y\n").module
    let second = Parser.parse("x = (f( 0x1, 2, ))\n\nif (x) : y\n").module
    let other = Parser.parse("x = f(1, 3)\nif x: y\n").module
    #expect(first.isStructurallyEqual(to: second))
    #expect(first.body != second.body)
    #expect(first.strippingRanges().body == second.strippingRanges().body)
    #expect(!first.isStructurallyEqual(to: other))
  }

  @Test("Ranges can be moved", arguments: Fixtures.sources.map(\.name))
  func moving(_ name: String) throws {
    let source = try #require(Fixtures.sources.first { $0.name == name }).text
    guard !source.hasPrefix("#!") else { return }
    let plain = Parser.parse(source).module.body
    let shifted = Parser.parse("# one\n" + source).module.body
    #expect(plain.map { $0.mappingRanges { SourceRange($0.lower + 6, $0.upper + 6) } } == shifted)
  }

  @Test("Equality tells every kind of expression from every other")
  func equality() throws {
    let sources = [
      "a", "b", "1", "2", "99999999999999999999", "99999999999999999998", "1.5", "2.5", "1j", "2j", "'a'",
      "'b'", "b'a'",
      "b'b'", "f'{a}'", "f'{a!r}'", "f'{a:b}'", "True", "False", "None", "...", "(a,)", "(b,)", "[a]", "[b]",
      "{a}", "{b}",
      "{a: b}", "{b: a}", "{**a}", "-a", "+a", "-b", "a + b", "a - b", "b + a", "a and b", "a or b",
      "a and c", "a < b",
      "a > b", "a < b < c", "a if b else c", "a if c else b", "b if a else c", "lambda: a", "lambda: b",
      "lambda a: a",
      "lambda a=b: a", "lambda *a: a", "a.b", "a.c", "b.b", "a[b]", "a[c]", "b[b]", "a[b:]", "a[:b]",
      "a[::b]", "f(a)",
      "f(b)", "g(a)", "f(a=a)", "f(b=a)", "f(*a)", "f(**a)", "[*a]", "[*b]", "[a for b in c]",
      "{a for b in c}",
      "[b for b in c]", "[a for c in c]", "[a for b in d]", "[a for b in c if d]", "[a async for b in c]",
      "{a: b for b in c}", "(a := b)", "(b := b)", "(a := c)", "await a", "await b", "(yield)", "(yield a)",
      "(yield b)",
      "(yield from a)", "(yield from b)",
    ]
    let trees = try sources.map { try Parser.parseExpression($0).strippingRanges() }
    for (first, left) in trees.enumerated() {
      for (second, right) in trees.enumerated() {
        #expect((left == right) == (first == second), "\(sources[first]) and \(sources[second])")
      }
    }
    #expect(Set(trees).count == trees.count)
    // Ranges count, too.
    #expect(try Parser.parseExpression("a.b") != Parser.parseExpression("a. b"))
  }

  @Test("Lines and columns")
  func lines() {
    let table = LineTable("é1\r\nb\rc\n\n🎉d")
    #expect(table.lineCount == 5)
    let places = [0, 2, 3, 5, 6, 7, 8, 9, 10, 14, 15, 99].map { table.location(at: $0) }
    #expect(
      places.map { "\($0.line):\($0.column)" } == [
        "1:1", "1:2", "1:3", "2:1", "2:2", "3:1", "3:2", "4:1", "5:1", "5:2", "5:3", "5:3",
      ])
    #expect(table.location(at: -5) == SourceLocation(line: 1, column: 1))
    #expect(table.range(ofLine: 1) == SourceRange(0, 3))
    #expect(table.range(ofLine: 4) == SourceRange(9, 9))
    #expect(table.range(ofLine: 6) == nil && table.range(ofLine: 0) == nil)
    #expect(table.wholeLines(of: SourceRange(5, 8)) == SourceRange(5, 9))
    #expect(LineTable("").location(at: 0) == SourceLocation(line: 1, column: 1))
  }
}
