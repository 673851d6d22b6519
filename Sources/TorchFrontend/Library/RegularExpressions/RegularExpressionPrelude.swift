extension Library {
  /// Python's module `re`.
  static let regularExpressionModule = #"""
    import _sre

    NOFLAG = 0
    TEMPLATE = T = 1
    IGNORECASE = I = 2
    LOCALE = L = 4
    MULTILINE = M = 8
    DOTALL = S = 16
    UNICODE = U = 32
    VERBOSE = X = 64
    DEBUG = 128
    ASCII = A = 256
    _NAMES = [("IGNORECASE", I), ("MULTILINE", M), ("DOTALL", S), ("VERBOSE", X), ("ASCII", A)]


    class error(Exception):
        def __init__(self, msg, pattern=None, pos=None):
            self.msg, self.pattern, self.pos = msg, pattern, pos
            self.lineno = self.colno = None
            if pattern is not None and pos is not None:
                msg = f"{msg} at position {pos}"
                self.lineno = pattern.count("\n", 0, pos) + 1
                self.colno = pos - pattern.rfind("\n", 0, pos)
                if "\n" in pattern:
                    msg = f"{msg} (line {self.lineno}, column {self.colno})"
            super().__init__(msg)


    PatternError = error


    class Match:
        def __init__(self, re, string, pos, endpos, spans):
            self.re, self.string, self.pos, self.endpos, self._spans = re, string, pos, endpos, spans

        def _index(self, group):
            if isinstance(group, str):
                if group in self.re.groupindex:
                    return self.re.groupindex[group]
            elif isinstance(group, int) and 0 <= group <= self.re.groups:
                return int(group)
            raise IndexError("no such group")

        def _text(self, index, default=None):
            start = self._spans[2 * index]
            return default if start < 0 else self.string[start:self._spans[2 * index + 1]]

        def group(self, *groups):
            if len(groups) < 2:
                return self._text(self._index(groups[0]) if groups else 0)
            return tuple(self._text(self._index(group)) for group in groups)

        def __getitem__(self, group):
            return self._text(self._index(group))

        def groups(self, default=None):
            return tuple(self._text(i, default) for i in range(1, self.re.groups + 1))

        def groupdict(self, default=None):
            return {name: self._text(i, default) for name, i in self.re.groupindex.items()}

        def start(self, group=0):
            return self._spans[2 * self._index(group)]

        def end(self, group=0):
            return self._spans[2 * self._index(group) + 1]

        def span(self, group=0):
            return self.start(group), self.end(group)

        def expand(self, template):
            return _expand(_template(template, self.re), self)

        @property
        def regs(self):
            return tuple(self.span(i) for i in range(self.re.groups + 1))

        @property
        def lastindex(self):
            return self._spans[-1] if self._spans[-1] >= 0 else None

        @property
        def lastgroup(self):
            for name, index in self.re.groupindex.items():
                if index == self.lastindex:
                    return name
            return None

        def __repr__(self):
            return f"<re.Match object; span={self.span()}, match={self.group()!r}>"


    class Pattern:
        def __init__(self, pattern, flags):
            found = _sre.compile(pattern, int(flags))
            if len(found) == 2:
                if found[1] is None and found[0].startswith("cannot use"):
                    raise ValueError(found[0])
                raise error(found[0], pattern, found[1])
            self.pattern = pattern
            self.flags, self.groups, self.groupindex = found

        def _scan(self, kind, string, pos=0, endpos=None, count=0):
            if not isinstance(string, str):
                raise TypeError(f"expected string or bytes-like object, got '{type(string).__name__}'")
            length = len(string)
            pos = min(max(pos, 0), length)
            endpos = length if endpos is None else min(max(endpos, 0), length)
            spans = _sre.scan(self.pattern, self.flags, string, pos, endpos, kind, count)
            return [Match(self, string, pos, endpos, span) for span in spans]

        def match(self, string, pos=0, endpos=None):
            return next(iter(self._scan(0, string, pos, endpos)), None)

        def search(self, string, pos=0, endpos=None):
            return next(iter(self._scan(1, string, pos, endpos)), None)

        def fullmatch(self, string, pos=0, endpos=None):
            return next(iter(self._scan(2, string, pos, endpos)), None)

        def finditer(self, string, pos=0, endpos=None):
            return iter(self._scan(3, string, pos, endpos))

        def findall(self, string, pos=0, endpos=None):
            found = self._scan(3, string, pos, endpos)
            if self.groups == 0:
                return [match.group() for match in found]
            if self.groups == 1:
                return [match._text(1, "") for match in found]
            return [match.groups("") for match in found]

        def split(self, string, maxsplit=0):
            if maxsplit < 0:
                return [string]
            parts, last = [], 0
            for match in self._scan(3, string, count=maxsplit):
                parts.append(string[last:match.start()])
                parts.extend(match.groups())
                last = match.end()
            return parts + [string[last:]]

        def subn(self, repl, string, count=0):
            template = None if callable(repl) else _template(repl, self)
            parts, last, number = [], 0, 0
            for match in self._scan(3, string, count=count) if count >= 0 else []:
                parts.append(string[last:match.start()])
                new = repl(match) if template is None else _expand(template, match)
                if new is not None:
                    parts.append(new)
                last = match.end()
                number += 1
            return "".join(parts) + string[last:], number

        def sub(self, repl, string, count=0):
            return self.subn(repl, string, count)[0]

        def __eq__(self, other):
            return isinstance(other, Pattern) and (self.pattern, self.flags) == (other.pattern, other.flags)

        def __hash__(self):
            return hash((self.pattern, self.flags))

        def __repr__(self):
            flags = ["re." + name for name, flag in _NAMES if self.flags & flag]
            return f"re.compile({', '.join([repr(self.pattern), *(['|'.join(flags)] if flags else [])])})"


    def _template(template, pattern):
        # The texts and numbers of groups of a replacement.
        if not isinstance(template, str):
            raise TypeError(f"decoding to str: need a bytes-like object, {type(template).__name__} found")
        if "\\" not in template:
            return [template]
        controls = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
        parts, text, i = [], list(template) + [""], 0
        while i < len(text) - 1:
            start, letter = i, text[i]
            i += 1
            if letter != "\\":
                parts.append(letter)
                continue
            letter = text[i]
            i += 1
            if letter == "":
                raise error("bad escape (end of pattern)", template, start)
            if letter == "g":
                if text[i] != "<":
                    raise error("missing <", template, i)
                end = template.find(">", i + 1)
                if end < 0 and i + 2 < len(text):
                    raise error("missing >, unterminated name", template, i + 1)
                name = template[i + 1:end]
                if end < 0 or name == "":
                    raise error("missing group name", template, i + 1)
                if name.isdigit():
                    index = int(name)
                    if index > pattern.groups:
                        raise error(f"invalid group reference {index}", template, i + 1)
                elif not name.isidentifier():
                    raise error(f"bad character in group name {name!r}", template, i + 1)
                elif name not in pattern.groupindex:
                    raise IndexError(f"unknown group name {name!r}")
                else:
                    index = pattern.groupindex[name]
                parts.append(index)
                i = end + 1
            elif letter in "0123456789":
                digits = letter
                octal = letter == "0"
                if octal:
                    while len(digits) < 3 and text[i] and text[i] in "01234567":
                        digits += text[i]
                        i += 1
                elif text[i] and text[i] in "0123456789":
                    digits += text[i]
                    i += 1
                    if all(d in "01234567" for d in digits) and text[i] and text[i] in "01234567":
                        digits += text[i]
                        i += 1
                        octal = True
                if octal:
                    value = int(digits, 8)
                    if value > 255:
                        raise error(f"octal escape value \\{digits} outside of range 0-0o377", template, start)
                    parts.append(chr(value))
                    continue
                if int(digits) > pattern.groups:
                    raise error(f"invalid group reference {int(digits)}", template, start + 1)
                parts.append(int(digits))
            elif letter in controls:
                parts.append(controls[letter])
            elif letter.isascii() and letter.isalpha():
                raise error(f"bad escape \\{letter}", template, start)
            else:
                parts.append("\\" + letter)
        return parts


    def _expand(parts, match):
        return "".join([part if isinstance(part, str) else match._text(part, "") for part in parts])


    def compile(pattern, flags=0):
        if isinstance(pattern, Pattern):
            if flags:
                raise ValueError("cannot process flags argument with a compiled pattern")
            return pattern
        if not isinstance(pattern, str):
            raise TypeError("first argument must be string or compiled pattern")
        return Pattern(pattern, flags)


    def match(pattern, string, flags=0):
        return compile(pattern, flags).match(string)


    def search(pattern, string, flags=0):
        return compile(pattern, flags).search(string)


    def fullmatch(pattern, string, flags=0):
        return compile(pattern, flags).fullmatch(string)


    def finditer(pattern, string, flags=0):
        return compile(pattern, flags).finditer(string)


    def findall(pattern, string, flags=0):
        return compile(pattern, flags).findall(string)


    def split(pattern, string, maxsplit=0, flags=0):
        return compile(pattern, flags).split(string, maxsplit)


    def sub(pattern, repl, string, count=0, flags=0):
        return compile(pattern, flags).sub(repl, string, count)


    def subn(pattern, repl, string, count=0, flags=0):
        return compile(pattern, flags).subn(repl, string, count)


    def escape(pattern):
        return "".join(["\\" + c if c in "()[]{}?*+-|^$\\.&~# \t\n\r\v\f" else c for c in pattern])


    def purge():
        return None

    """#
}
