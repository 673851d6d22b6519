import PythonSyntax
import Testing

@Suite("Printer")
struct PrinterTests {
  @Test("Fixtures come back as the same tree", arguments: Fixtures.sources.map(\.name))
  func fixtures(_ name: String) throws {
    let module = try Parser.parse(#require(Fixtures.sources.first { $0.name == name }).text, limits: generous)
      .module
    let printed = Printer.print(module)
    let again = Parser.parse(printed, limits: generous)
    #expect(!again.hasErrors, "\(again.diagnostics.first.map(\.description) ?? "")")
    #expect(again.module.isStructurallyEqual(to: module))
    #expect(Printer.print(again.module) == printed)
  }

  @Test(
    "Parentheses stand where they are needed and nowhere else",
    arguments: [
      "(a + b) * c", "a + b * c", "a - (b - c)", "a - b - c", "-a ** b", "(-a) ** b", "a ** -b",
      "a ** b ** c",
      "(a ** b) ** c", "not a == b", "(not a) == b", "a if b else c if d else e",
      "(a if b else c) if d else e",
      "(lambda: a)()", "lambda: a if b else c", "(a := 1) + b", "f(a := 1)", "[a := 1, b]", "(a, b)[0]",
      "(1).real",
      "(1.5).hex()", "f(*a or b)", "[*a, (b, c)]", "{**a, b: c}", "a[b, c:d, ...]", "a[()]", "a[b,]",
      "a[*b, c]",
      "(await a)(b)", "await a ** b", "a and (b or c)", "a and b or c and d",
      "(a and b) and c", "(a < b) < c", "a < b < c", "f(a for a in b)", "f((a for a in b), c)",
      "[a for a, b in c if (d if e else f)]", "{a: b for a in c}", "lambda a, /, b=1, *c, d, **e: (a, b)",
      "~(a | b) & c", "--a", "a.b(c)[d].e", "x[a:b:c]", "x[::c]", "x[(a := b):c]",
      "(yield)", "f((yield a))", "a is not b not in c",
    ])
  func parentheses(_ source: String) throws {
    #expect(try Printer.print(Parser.parseExpression(source)) == source)
  }

  @Test(
    "Superfluous parentheses go",
    arguments: [
      ("((a)) + (b)", "a + b"), ("(a * b) + c", "a * b + c"), ("not (not a)", "not not a"),
      ("(a)[(b)]((c))", "a[b](c)"),
      ("a ** (-b)", "a ** -b"), ("lambda: (a)", "lambda: a"), ("(a.b).c", "a.b.c"),
    ])
  func superfluous(_ source: String, _ expected: String) throws {
    #expect(try Printer.print(Parser.parseExpression(source)) == expected)
  }

  @Test(
    "Strings",
    arguments: [
      (#"'a'"#, #""a""#), (#"'a"b'"#, #"'a"b'"#), (#""a'b\"c""#, #""a'b\"c""#), (#"r'\n' '\n'"#, #""\\n\n""#),
      (#"'\x00\x7f\xe9'"#, #""\x00\x7fé""#), (#"b'\xff\'"'"#, #"b"\xff'\"""#),
      (#"f'{a["b"]}'"#, #"f"{a['b']}""#),
      (#"f"{a!r:>{w}} {{}}""#, #"f"{a!r:>{w}} {{}}""#), (#"f'{a=}'"#, #"f"a={a!r}""#),
      (#"f'{ {1: 2}[1] }'"#, #"f"{ {1: 2}[1] }""#), (#"f"{(lambda: 1)()}""#, #"f"{((lambda: 1)())}""#),
      (#"f'{a}' 'b' "c""#, #"f"{a}bc""#), (#"1e400"#, "1e999"), ("0x_ff", "255"), ("1_0.0", "10.0"),
      ("2J", "2.0j"),
    ])
  func strings(_ source: String, _ expected: String) throws {
    let expression = try Parser.parseExpression(source)
    let printed = Printer.print(expression)
    #expect(printed == expected)
    #expect(try Parser.parseExpression(printed).strippingRanges() == expression.strippingRanges())
  }

  @Test("Quotes in f-strings do not need Python 3.12 where that can be avoided")
  func quotes() throws {
    for source in [#"f"{f'{a}'}""#, #"f"{a["x"]} {b['y']}""#, #"f'{a["it" "s"]}"'"#] {
      let printed = try Printer.print(Parser.parseExpression(source))
      let quote = try #require(printed.dropFirst().first)
      let isTriple = printed.dropFirst().hasPrefix(String(repeating: quote, count: 3))
      let inner = printed.dropFirst(isTriple ? 4 : 2).dropLast(isTriple ? 3 : 1)
      #expect(
        !inner.replacing("\\\(quote)", with: "").contains(
          isTriple ? String(repeating: quote, count: 3) : String(quote)))
    }
  }

  @Test("Trees made by programs")
  func made() {
    let none = SourceRange(0, 0)
    func expression(_ kind: Expression.Kind) -> Expression { Expression(kind, none) }
    let minusOne = expression(.integer(-1))
    #expect(Printer.print(expression(.binary(minusOne, .power, expression(.float(-0.5))))) == "(-1) ** -0.5")
    #expect(Printer.print(expression(.attribute(minusOne, "real", none))) == "(-1).real")
    #expect(Printer.print(expression(.set([]))) == "{*()}")
    #expect(Printer.print(expression(.float(-.infinity))) == "-1e999")
    #expect(Printer.print(Statement(.if(test: minusOne, body: [], orElse: []), none)) == "if -1:\n    pass\n")
    let tuple = expression(.tuple([minusOne]))
    #expect(Printer.print(Statement(.return(tuple), none)) == "return -1,\n")
    let with = Statement(.with(items: [WithItem(context: tuple, target: nil)], body: []), none)
    #expect(Printer.print(with) == "with ((-1,)):\n    pass\n")
  }

  @Test("Layout")
  func layout() {
    let source = """
      import a
      class A(B, c=d):
        '''Two
        lines.'''
        x: int = 1
        @e
        def f(self, a, /, b: int=2, *, c) -> None: return a, b
        async def g(self):
          async with h as i: pass
          if a: pass
          elif b: pass
          else:
            if c: pass
            d
      x = 1
      """
    #expect(
      Printer.print(Parser.parse(source).module) == """
        import a


        class A(B, c=d):
            \"""Two
          lines.\"""
            x: int = 1

            @e
            def f(self, a, /, b: int = 2, *, c) -> None:
                return a, b

            async def g(self):
                async with h as i:
                    pass
                if a:
                    pass
                elif b:
                    pass
                else:
                    if c:
                        pass
                    d


        x = 1

        """)
  }
}
