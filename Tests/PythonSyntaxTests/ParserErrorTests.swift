import PythonSyntax
import Testing

/// What is said of wrong source, and where.
@Suite("Errors")
struct ParserErrorTests {
  struct Case: CustomTestStringConvertible {
    var source: String
    var expected: [String]

    init(_ source: String, _ expected: String...) {
      self.source = source
      self.expected = expected
    }

    var testDescription: String { source.debugDescription }
  }

  /// The diagnostics as `line:column message`.
  private func found(_ source: String) -> [String] {
    Parser.parse(source).diagnostics.map { diagnostic in
      let place = diagnostic.location.map { "\($0.line):\($0.column)" } ?? "?"
      return "\(place) \(diagnostic.message)"
    }
  }

  @Test(
    "Layout",
    arguments: [
      Case(
        "def f():\n    x = 1\n  y = 2\n", "3:1 unindent does not match any outer indentation level"),
      Case("def f():\nx = 1\n", "2:1 expected an indented block after the function definition on line 1"),
      Case("x = 1\n  y = 2\n", "2:1 unexpected indent"),
      Case("if a:\n\tb\n        c\n", "3:1 inconsistent use of tabs and spaces in indentation"),
      Case("def f(x)\n    return x\n", "1:9 expected ':' after the function definition"),
      Case("while True\n    pass\n", "1:11 expected ':' after the 'while' statement"),
      Case("if x:\n", "2:1 expected an indented block after the 'if' statement on line 1"),
      Case("x = \\ 1\n", "1:5 a backslash must be the last character of its line"),
      Case("else:\n    pass\n", "1:1 'else' has no statement before it that it could belong to"),
      Case("if a:\n    b\nelse if c:\n    d\n", "3:6 'else if' is not Python"),
      Case("@a\nx = 1\n", "2:1 expected a function or class after the decorator, found 'x'"),
    ])
  func layout(_ test: Case) {
    #expect(found(test.source) == test.expected)
  }

  @Test(
    "Brackets and strings",
    arguments: [
      Case("x = (1, 2\n", "1:5 '(' was never closed"),
      Case("x = f([1, 2)\n", "1:12 ')' does not match the '[' opened before it"),
      Case("x = [\n1, 2\n)\n", "3:1 ')' does not match the '[' opened on line 1"),
      Case("x = 1)\ny = ]\n", "1:6 unmatched ')'", "2:5 unmatched ']'"),
      Case(
        "x = f(a\nself.b = 1\ny = = 2\n", "1:6 '(' was never closed", "3:5 expected an expression, found '='"),
      Case(
        "x = {'a': 1\n\ndef f(:\n    return 1\n", "1:5 '{' was never closed",
        "3:6 '(' was never closed"),
      Case(
        "x = 'abc\ny = f(\"abc)\nz = 3 +\n", "1:5 this string does not end on its line",
        "2:7 this string does not end on its line", "3:8 expected an expression, found the end of the line"),
      Case("x = 1\ny = '''abc\n", "2:5 this string was never closed"),
      Case("f'{}'\n", "1:4 an f-string's replacement field needs an expression"),
      Case("f'a } b'\n", "1:5 a single '}' is not allowed in an f-string"),
      Case("f'{x!z}'\n", "1:6 a conversion is '!s', '!r' or '!a', without blanks"),
      Case("f'{a b}'\n", "1:6 expected '}', found 'b'"),
      Case("f'{x:{y}'\n", "1:9 the f-string ends within a replacement field"),
      Case(
        "'\\x4' '\\u12' '\\N{no such name}'\n", "1:2 this escape needs 2 hexadecimal digits",
        "1:8 this escape needs 4 hexadecimal digits", "1:15 no character has the name 'no such name'"),
      Case("b'é'\n", "1:3 bytes can hold ASCII characters only"),
      Case("'a' b'b'\n", "1:5 bytes and text cannot be joined in one literal"),
      Case("é = ‘a’\n", "1:5 invalid character '‘' (U+2018)", "1:7 invalid character '’' (U+2019)"),
      Case(
        "```python\nx = 1\n```\n", "1:1 invalid character '`' (U+0060)", "3:1 invalid character '`' (U+0060)"),
      Case("a \0 b\n", "1:3 invalid character U+0000"),
    ])
  func brackets(_ test: Case) {
    #expect(found(test.source) == test.expected)
  }

  @Test(
    "Expressions",
    arguments: [
      Case("x = 3 4\n", "1:7 expected the end of the statement, found '4'"),
      Case("x = [1, 2 3]\n", "1:11 expected ',' or ']', found '3'"),
      Case("x = f(1 2)\n", "1:9 expected ',' or ')', found '2'"),
      Case("a && b\n", "1:4 expected an expression, found '&'"),
      Case("a = not\n", "1:8 expected an expression, found the end of the line"),
      Case("x = 1 + not 2\n", "1:9 expected an expression, found 'not'"),
      Case(
        "x = 1 if 2\n",
        "1:11 expected 'else' and the value for when the condition is false, found the end of the line"),
      Case("{1: 2, 3}\n", "1:9 expected ':' and the value of this key, found '}'"),
      Case("(*a)\n", "1:2 a starred expression cannot stand alone in parentheses"),
      Case("[*a for a in b]\n", "1:2 '*' cannot be used in a comprehension"),
      Case("[a for a in b if c else d]\n", "1:20 a condition behind 'for' has no 'else'"),
      Case("f(a=1, 2)\n", "1:8 a positional argument follows a keyword argument"),
      Case("f(a=1, a=2)\n", "1:8 the keyword argument 'a' is repeated"),
      Case("f(x for x in y, 1)\n", "1:3 a generator among other arguments needs parentheses of its own"),
      Case("x = 0777\n", "1:5 a decimal integer cannot begin with 0"),
      Case("x = 12abc\n", "1:5 '12abc' is not a number"),
      Case("x = 1__0\n", "1:5 '1__0' is not a number"),
      Case("x = 0b12\n", "1:5 '0b12' is not a number"),
      Case(
        "x.class\n", "1:3 expected the name of an attribute behind '.', but 'class' is a keyword of Python"),
      Case("a.b := 1\n", "1:5 ':=' at the top of a statement"),
    ])
  func expressions(_ test: Case) {
    #expect(found(test.source) == test.expected)
  }

  @Test(
    "Statements",
    arguments: [
      Case("print \"hi\"\n", "1:1 missing parentheses in the call of 'print'"),
      Case("raise E, 'x'\n", "1:8 'raise E, value' is Python 2"),
      Case("try:\n    a\nexcept A, e:\n    b\n", "3:9 several exceptions need parentheses"),
      Case("try:\n    a\nb\n", "1:1 'try' needs an 'except' or a 'finally'"),
      Case("if x = 3:\n    pass\n", "1:6 '=' assigns and cannot stand in a condition"),
      Case("f() = 1\n", "1:1 cannot assign to a function call"),
      Case("x, None = 1\n", "1:4 cannot assign to None"),
      Case(
        "a + 1 += 2\n",
        "1:1 augmented assignment works on a single name, attribute or subscript, not on an expression"),
      Case("for 1 in y: pass\n", "1:5 cannot assign to a number"),
      Case("for i range(3):\n    pass\n", "1:7 expected 'in' and what to go through, found 'range'"),
      Case("del f()\n", "1:5 cannot delete a function call"),
      Case("def f(a=1, b): pass\n", "1:12 the parameter 'b' without a default follows one with a default"),
      Case("def f(*): pass\n", "1:8 named parameters must follow '*'"),
      Case("def f(**a, b): pass\n", "1:12 nothing can follow the '**' parameter"),
      Case("class class: pass\n", "1:7 expected the name of the class, but 'class' is a keyword of Python"),
      Case("from a import b.c\n", "1:16 expected the end of the statement, found '.'"),
      Case(
        "match x:\n    case 1 + 1: pass\n    foo\n    case {**a, 1: 2}: pass\n",
        "2:10 only literals and dotted names can be patterns", "3:5 expected 'case', found 'foo'",
        "4:16 expected ',' or '}', found '1'"),
      Case("Hope this helps!\n", "1:1 'Hope' does not begin a statement, yet 'this' follows it"),
    ])
  func statements(_ test: Case) {
    #expect(found(test.source) == test.expected)
  }

  @Test("One parse finds the errors of all statements and keeps the others")
  func recovery() {
    let source = """
      import torch
      class A(nn.Module):
          def __init__(self):
              super().__init__()
              self.a = nn.Sequential(
                  nn.Conv2d(3, 8, 3),
                  nn.ReLU(
              self.b = nn.Linear(3, 4)
              self.c = nn.Linear(3 4)

          def forward(self, x)
              y = self.a(x
              return y

      def g(:):
          x = = 1
      z = 1
      """
    #expect(
      found(source) == [
        "7:20 '(' was never closed", "9:30 expected ',' or ')', found '4'",
        "11:25 expected ':' after the function definition", "12:19 '(' was never closed",
        "15:7 expected the name of a parameter, found ':'", "16:9 expected an expression, found '='",
      ])
    let module = Parser.parse(source).module
    #expect(
      Printer.print(module) == """
        import torch


        class A(nn.Module):
            def __init__(self):
                super().__init__()
                self.b = nn.Linear(3, 4)

            def forward(self, x):
                return y


        z = 1

        """)
  }

  @Test("Columns count characters, not bytes")
  func columns() {
    #expect(found("x = '🎉é' $\n") == ["1:10 invalid character '$' (U+0024)"])
    #expect(found("été = 'e\u{301}' +\n") == ["1:12 expected an expression, found the end of the line"])
    #expect(found("a\r\nb\r$\n") == ["3:1 invalid character '$' (U+0024)"])
  }

  @Test("A diagnostic's description names place, severity, message and hint")
  func description() throws {
    let diagnostic = try #require(Parser.parse("x = 1\nprint x\n").diagnostics.first)
    #expect(
      diagnostic.description == "2:1: error: missing parentheses in the call of 'print' (write print(…))")
    #expect(diagnostic.identifier == "syntax.python2")
    #expect(diagnostic.range == SourceRange(6, 11))
  }

  @Test("Half a surrogate pair is a warning, not an error")
  func surrogates() {
    let result = Parser.parse("x = '\\ud800'\n")
    #expect(!result.hasErrors)
    #expect(result.diagnostics.map(\.severity) == [.warning])
    #expect(result.module.body.count == 1)
  }

  @Test("A single expression")
  func expression() throws {
    #expect(
      try SyntaxDump.dump(Parser.parseExpression(" a.b(1)[2:] "))
        == SyntaxDump.dump(Parser.parseExpression("(a.b)(1)[2:]")))
    #expect(try SyntaxDump.dump(Parser.parseExpression("a, b\n")) == "(tuple [(name a) (name b)])")
    #expect(throws: Diagnostic.self) { try Parser.parseExpression("") }
    #expect(throws: Diagnostic.self) { try Parser.parseExpression("a = 1") }
    #expect(throws: Diagnostic.self) { try Parser.parseExpression("a\nb") }
    #expect(throws: Diagnostic.self) { try Parser.parseExpression("import os") }
    #expect(throws: Diagnostic.self) { try Parser.parseExpression("f(") }
  }
}
