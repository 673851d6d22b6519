"""Prints the syntax tree that CPython's `ast` reads from each file named, one S-expression a line.

Nodes are written as `SyntaxDump.swift` writes Niche's: (kind@lower-upper parts…) with ranges in UTF-8 offsets.
A file that this Python cannot read gives a line `unreadable`.
"""

import ast
import sys
import warnings

warnings.simplefilter("ignore")
sys.setrecursionlimit(100_000)

UNARY = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.Not: "not"}
BINARY = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.MatMult: "@", ast.LShift: "<<", ast.RShift: ">>", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
}
COMPARE = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}
COMPREHENSION = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dictionary", ast.GeneratorExp: "generator"}


class Dumper:
    def __init__(self, data):
        # Columns are offsets in the line after line ends were unified; the line's own bytes do not change.
        self.starts = [0]
        index = 0
        while index < len(data):
            byte = data[index]
            index += 1
            if byte == 10 or (byte == 13 and data[index : index + 1] != b"\n"):
                self.starts.append(index)
        self.offset = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        self.ranged = True

    def at(self, line, column):
        return self.starts[line - 1] + column + (self.offset if line == 1 else 0)

    def range(self, node, start=True):
        if not self.ranged:
            return ""
        lower = self.at(node.lineno, node.col_offset) if start else ""
        return f"@{lower}-{self.at(node.end_lineno, node.end_col_offset)}"

    def node(self, kind, node, *parts, start=True):
        return "(" + " ".join([kind + self.range(node, start), *parts]) + ")"

    def several(self, nodes):
        return "[" + " ".join(self.dump(node) for node in nodes) + "]"

    def optional(self, node):
        return "_" if node is None else self.dump(node)

    @staticmethod
    def text(value):
        # Niche replaces lone surrogates, which no UTF-8 text can hold.
        value = "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in value)
        return "<" + value.encode().hex() + ">"

    def dump(self, node):
        return getattr(self, type(node).__name__)(node)

    # Statements

    def Module(self, node):
        return self.several(node.body)

    def Expr(self, node):
        return self.node("expression", node, self.dump(node.value))

    def Assign(self, node):
        return self.node("assign", node, self.several(node.targets), self.dump(node.value))

    def AugAssign(self, node):
        return self.node("augmented", node, self.dump(node.target), BINARY[type(node.op)], self.dump(node.value))

    def AnnAssign(self, node):
        return self.node(
            "annotated", node, self.dump(node.target), self.dump(node.annotation), self.optional(node.value)
        )

    def Return(self, node):
        return self.node("return", node, self.optional(node.value))

    def Pass(self, node):
        return self.node("pass", node)

    def Break(self, node):
        return self.node("break", node)

    def Continue(self, node):
        return self.node("continue", node)

    def Raise(self, node):
        return self.node("raise", node, self.optional(node.exc), self.optional(node.cause))

    def Assert(self, node):
        return self.node("assert", node, self.dump(node.test), self.optional(node.msg))

    def Delete(self, node):
        return self.node("delete", node, self.several(node.targets))

    def Global(self, node):
        return self.node("global", node, *node.names)

    def Nonlocal(self, node):
        return self.node("nonlocal", node, *node.names)

    def alias(self, node):
        return self.node("name", node, node.name, node.asname or "_")

    def Import(self, node):
        return self.node("import", node, self.several(node.names))

    def ImportFrom(self, node):
        names = [] if node.names[0].name == "*" else node.names
        return self.node("from", node, node.module or "_", self.several(names), str(node.level))

    def If(self, node):
        return self.node("if", node, self.dump(node.test), self.several(node.body), self.several(node.orelse))

    def While(self, node):
        return self.node("while", node, self.dump(node.test), self.several(node.body), self.several(node.orelse))

    def For(self, node, kind="for"):
        return self.node(
            kind, node, self.dump(node.target), self.dump(node.iter), self.several(node.body),
            self.several(node.orelse),
        )

    def AsyncFor(self, node):
        return self.For(node, "async-for")

    def withitem(self, node):
        return "(" + self.dump(node.context_expr) + " " + self.optional(node.optional_vars) + ")"

    def With(self, node, kind="with"):
        return self.node(kind, node, self.several(node.items), self.several(node.body))

    def AsyncWith(self, node):
        return self.With(node, "async-with")

    def Try(self, node, kind="except"):
        handlers = " ".join(
            f"({kind} {self.optional(h.type)} {h.name or '_'} {self.several(h.body)})" for h in node.handlers
        )
        return self.node(
            "try", node, self.several(node.body), f"[{handlers}]", self.several(node.orelse),
            self.several(node.finalbody),
        )

    def TryStar(self, node):
        return self.Try(node, "except*")

    def Match(self, node):
        cases = " ".join(
            f"(case {self.dump(c.pattern)} {self.optional(c.guard)} {self.several(c.body)})" for c in node.cases
        )
        return self.node("match", node, self.dump(node.subject), f"[{cases}]")

    def FunctionDef(self, node, kind="def"):
        return self.node(
            kind, node, node.name, self.dump(node.args), self.optional(node.returns),
            self.several(node.decorator_list), self.several(node.body), start=not node.decorator_list,
        )

    def AsyncFunctionDef(self, node):
        return self.FunctionDef(node, "async-def")

    def ClassDef(self, node):
        return self.node(
            "class", node, node.name, self.several(node.bases), self.several(node.keywords),
            self.several(node.decorator_list), self.several(node.body), start=not node.decorator_list,
        )

    def TypeAlias(self, node):
        return self.node("type", node, node.name.id, self.dump(node.value))

    def arguments(self, node):
        parts = []
        positional = node.posonlyargs + node.args
        defaults = [None] * (len(positional) - len(node.defaults)) + node.defaults
        for index, (arg, default) in enumerate(zip(positional, defaults)):
            parts.append(("positional-only" if index < len(node.posonlyargs) else "ordinary", arg, default))
        if node.vararg:
            parts.append(("variadic", node.vararg, None))
        parts += [("keyword-only", arg, default) for arg, default in zip(node.kwonlyargs, node.kw_defaults)]
        if node.kwarg:
            parts.append(("keywords", node.kwarg, None))
        return "[" + " ".join(
            f"({kind} {arg.arg} {self.optional(arg.annotation)} {self.optional(default)})"
            for kind, arg, default in parts
        ) + "]"

    # Patterns

    def MatchValue(self, node):
        return f"(value {self.dump(node.value)})"

    def MatchSingleton(self, node):
        return f"(value {node.value})"

    def MatchAs(self, node):
        if node.pattern is None:
            return f"(capture {node.name or '_'})"
        return f"(as {self.dump(node.pattern)} {node.name})"

    def MatchSequence(self, node):
        return f"(sequence {self.several(node.patterns)})"

    def MatchStar(self, node):
        return f"(star {node.name or '_'})"

    def MatchMapping(self, node):
        return f"(mapping {self.several(node.keys)} {self.several(node.patterns)} {node.rest or '_'})"

    def MatchClass(self, node):
        keywords = " ".join(f"({n} {self.dump(p)})" for n, p in zip(node.kwd_attrs, node.kwd_patterns))
        return f"(class {self.dump(node.cls)} {self.several(node.patterns)} [{keywords}])"

    def MatchOr(self, node):
        return f"(or {self.several(node.patterns)})"

    # Expressions

    def Name(self, node):
        return self.node("name", node, node.id)

    def Constant(self, node):
        value = node.value
        if value is None or value is True or value is False:
            return self.node(str(value), node)
        if value is ...:
            return self.node("...", node)
        if isinstance(value, str):
            return self.node("string", node, self.text(value))
        if isinstance(value, bytes):
            return self.node("bytes", node, "<" + value.hex() + ">")
        if isinstance(value, complex):
            return self.node("imaginary", node, self.float(value.imag))
        if isinstance(value, float):
            return self.node("float", node, self.float(value))
        return self.node("integer", node, f"{value:x}")

    @staticmethod
    def float(value):
        import struct

        return f"{struct.unpack('<Q', struct.pack('<d', value))[0]:x}"

    def JoinedStr(self, node):
        outer, self.ranged = self.ranged, False
        parts = self.parts(node)
        self.ranged = outer
        return self.node("formatted", node, parts)

    def parts(self, node):
        # Python 3.12 leaves empty texts behind nested fields.
        values = [v for v in node.values if not (isinstance(v, ast.Constant) and v.value == "")]
        return "[" + " ".join(
            f"(text {self.text(v.value)})" if isinstance(v, ast.Constant) else self.field(v) for v in values
        ) + "]"

    def field(self, node):
        conversion = "_" if node.conversion == -1 else chr(node.conversion)
        format = "[]" if node.format_spec is None else self.parts(node.format_spec)
        return f"(field {self.dump(node.value)} {conversion} {format})"

    def Tuple(self, node):
        return self.node("tuple", node, self.several(node.elts))

    def List(self, node):
        return self.node("list", node, self.several(node.elts))

    def Set(self, node):
        return self.node("set", node, self.several(node.elts))

    def Dict(self, node):
        items = " ".join(f"({self.optional(k)} {self.dump(v)})" for k, v in zip(node.keys, node.values))
        return self.node("dictionary", node, f"[{items}]")

    def UnaryOp(self, node):
        return self.node("unary", node, UNARY[type(node.op)], self.dump(node.operand))

    def BinOp(self, node):
        return self.node("binary", node, self.dump(node.left), BINARY[type(node.op)], self.dump(node.right))

    def BoolOp(self, node):
        return self.node("and" if isinstance(node.op, ast.And) else "or", node, self.several(node.values))

    def Compare(self, node):
        links = " ".join(f"({COMPARE[type(op)]} {self.dump(v)})" for op, v in zip(node.ops, node.comparators))
        return self.node("compare", node, self.dump(node.left), f"[{links}]")

    def IfExp(self, node):
        return self.node("conditional", node, self.dump(node.test), self.dump(node.body), self.dump(node.orelse))

    def Lambda(self, node):
        return self.node("lambda", node, self.dump(node.args), self.dump(node.body))

    def Attribute(self, node):
        return self.node("attribute", node, self.dump(node.value), node.attr)

    def Subscript(self, node):
        return self.node("subscript", node, self.dump(node.value), self.dump(node.slice))

    def Slice(self, node):
        return self.node(
            "slice", node, self.optional(node.lower), self.optional(node.upper), self.optional(node.step)
        )

    def Starred(self, node):
        return self.node("starred", node, self.dump(node.value))

    def keyword(self, node):
        return self.node("keyword", node, node.arg or "**", self.dump(node.value))

    def Call(self, node):
        return self.node("call", node, self.dump(node.func), self.several(node.args), self.several(node.keywords))

    def comprehension(self, node):
        kind = "async-for" if node.is_async else "for"
        return f"({kind} {self.dump(node.target)} {self.dump(node.iter)} {self.several(node.ifs)})"

    def comprehend(self, node, element, value=None):
        return self.node(
            "comprehension", node, COMPREHENSION[type(node)], self.dump(element), self.optional(value),
            self.several(node.generators),
        )

    def ListComp(self, node):
        return self.comprehend(node, node.elt)

    SetComp = GeneratorExp = ListComp

    def DictComp(self, node):
        return self.comprehend(node, node.key, node.value)

    def NamedExpr(self, node):
        return self.node("named", node, node.target.id, self.dump(node.value))

    def Await(self, node):
        return self.node("await", node, self.dump(node.value))

    def Yield(self, node):
        return self.node("yield", node, self.optional(node.value))

    def YieldFrom(self, node):
        return self.node("yield-from", node, self.dump(node.value))


for path in sys.argv[1:]:
    with open(path, "rb") as file:
        data = file.read()
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        print("unreadable")
    else:
        sys.stdout.buffer.write(Dumper(data).dump(tree).encode() + b"\n")
    sys.stdout.flush()
