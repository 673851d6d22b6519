import re
r = []


def describe(m):
    if m is None:
        return None
    return m.span(), m.groups(), m.lastindex, m.lastgroup, [m.span(i) for i in range(1, m.re.groups + 1)]


def tell(pattern, text, flags=0):
    try:
        p = re.compile(pattern, flags)
        r.append((pattern, text, p.flags, p.groups, dict(p.groupindex), describe(p.match(text)), describe(p.search(text)),
                  describe(p.fullmatch(text)), p.findall(text), p.split(text), p.sub("<\\g<0>>", text)))
    except re.error as e:
        r.append((pattern, "error", str(e), e.msg, e.pos))


# What decoders of block strings do.
for block in ["r1_k3_s11_e1_i32_o16_se0.25", "r2_k5_s22_e6_i24_o40_se0.25_noskip", "ds_r1_k3_s1_e1_c16_se0.25_nre", "cn_r1_k1_s1_c960"]:
    found = {}
    for op in block.split("_"):
        splits = re.split(r"(\d.*)", op)
        if len(splits) >= 2:
            key, value = splits[:2]
            found[key] = value
    r.append(found)
r.append([re.split(r"(\d.*)", "ir"), re.split(r"(\d.*)", "r1"), re.match(r"(\D+)(\d+)", "layer12").groups()])
pattern = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.((?:[12])\.(?:weight|bias|running_mean|running_var))$")
m = pattern.match("features.denseblock1.denselayer3.norm.1.weight")
r += [m.group(1) + m.group(2), m[0], m["1"] if False else m[1], m.start(2), m.end(2), pattern.match("features.norm0.weight")]
r += [re.sub(r"(?<!^)(?=[A-Z])", "_", "ConvBNReLU").lower(), re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", "someName2Go"),
      re.sub("[^0-9a-zA-Z]+", "", "a-b c_d!"), re.findall(r"\d+", "resnet50_v2_32x4d"), re.split(r"[,;\s]\s*", "a, b;c  d"),
      re.sub(r"\.(\d+)\.", lambda m: f"[{int(m.group(1)) + 1}].", "a.0.b.11.c"), re.match(r"efficientnet[-_]b(?P<n>\d)$", "efficientnet-b7").group("n"),
      int(re.search(r"(\d+)$", "block_12").group(0)), bool(re.fullmatch("[a-z]+", "abc")), [m.group() for m in re.finditer(r"\w+", "ab cd")]]

words = "The quick  brown fox\njumps over 13 lazy dogs.\n"
for p in [r"\w+", r"\s+", r"[a-z]+", r"^\w+", r"\w+$", r"\d", r"o\b", r"\Bo", r"(\w)(\w*)", r"(?:\w+\s+){2}", r"(?i)THE", r".*", r".+?", r"\Z", r"\A",
          r"[^\W\d]+", r"(o)(?=x|v)", r"(?<=l)a", r"(?<!o)[wv]", r"x|fox|f", r"(?P<a>[aeiou])(?P<b>[^aeiou\s])", r"(.)\1", r"(?P<q>.)(?P=q)", r"[\s\S]{5,8}",
          r"(?s).*", r"(?m)^\w+", r"(?m)\w+.?$", r"(?x) \w +  # a word", r"a{2}|o{1,2}", r"(a|o)+", r"\.", r"(?s:.)+", r"(?-i:the)", r"(?i:tHE)"]:
    tell(p, words)
for flags in [re.I, re.M, re.S, re.X, re.A, re.I | re.M, re.MULTILINE | re.DOTALL]:
    for p in ["^t.*$", r"B R O W N", r"\w+\s", "[A-Z]+", r"é\w", r"(?u:\w)+"]:
        tell(p, "the Brown\nTop éa", flags)
for p in ["(a*)*", "(a*)+", "(a|b)*?c", "(a*?)*?b", "(?:a|ab)(?:c|bcd)(d*)", "(a+)(a+)?", "((a)|(b))*", "(?:(a)|b)*", "(a)|b", "(a)?b", "((a*)b)*",
          "(?=(a+))a", "(?!(a))b", "(?=(a))?b" if False else "(?=a)a", "a*?", "a+?", "a??b", "(?:a{2,3}?){2}", "a{,2}", "a{2,}", "a{,}", "a{", "a{1", "a{1,b", "{", "a}",
          "x*", "", "|", "a|", "()", "(|a)+", "(a|)+", "(?:)+", "((?:))*", "(a?)*?$", "(?>a+)b", "(?>a*)a", "a++b", "a*+a", "a?+a", "a{1,2}+a", "(?:ab?)*+b",
          r"(a)(?(1)b|c)", r"(a)?(?(1)b|c)", r"(?P<x>a)?(?(x)b)", r"(\w)(\w)\2\1", r"\bb", r"\Bb", "[ab]", "[^ab]", "[]a]", "[^]a]", "[a-]", "[-a]", "[a\\-c]", r"[\]a]",
          "[a-b-c]", r"[\w-]", r"[\b]", "[(]", "[.]", "(?#x)a", "a(?#x)*", "a|b|ab", "(?:a|b)+?c", "^", "$", "(?:^|a)b", "b(?:$|c)", "(a(b)?)+", "(a(b)?)+?c", "(?i)A", "(?i)[A-B]",
          "(?i)[^A]", r"\x61", r"\141", r"\u0061", r"\U00000061", r"\07", r"\0", r"[\141]", r"(a)\1", r"\t|\n|\\", r"\ ", r"\-", r"\.", r"(?P<name>a)(?P<other>b)?", "(?:(?:(?:a)))", "(((a)))",
          "(a)(b)?(c)?", "(?<=a)b", "(?<=ab)c|(?<!a)b", "(?<=(a))b", "(?<=^)a", "(?<!$)a", r"(?<=\b)a", "(?<=a|b)c", "(?<=[ab]{2})c", "(.*)(b)(.*)", "(.*?)(b)(.*?)", "(.*?)(b)(.*?)$"]:
    for text in ["", "a", "b", "aab", "abcd", "aabbaa", "abcbcd", "ABBA b", "c", "ac bc"]:
        tell(p, text)
for p in ["(", ")", "a)", "(a", "(?a", "[", "[a", "[]", "[^]", "*", "+a", "?", "a**", "a+*", "a???", "{1}", "a{2,1}", "(?P<a>x)(?P<a>y)", "(?P<1>x)", "(?P<a", "(?P<>x)", "(?P=a)", "(?Pa)", "(?<a)",
          "(?z)", "\\", "[\\", r"\1", r"(a)\2", r"(\1)", r"(?P<a>(?P=a))", r"\q", r"[\q]", r"\8", r"[\8]", r"\x1", r"\u12", r"\777", r"[\777]", "[b-a]", r"[a-\d]", r"[\w-a]", "a(?i)b", "(?i", "(?i-", "(?i-)", "(?i-i:a)",
          "(?-u:a)", "(?L)a", "(?au:b)", "(?ia:b)", "(?-q:a)", "(?<=a*)b", "(?<=a|bc)d", "(?<!a+)b", "(?(1)a|b|c)(d)", "(?(2)a)(b)", "(?(0)a)", "(?(x)a)", "(?(1a)b)", "(?#", "^*", "$+", r"\b*", "(?:a", "x(?=a", "(?:^*)", "(?P", "(?", "(?<", "(?P<a!>x)",
          "a\n(", "(?<=(a)\\1)b", "(?i)(?m)^a", "a|*", "(*a)", "(?:+)", r"\N{x" if False else "(?)"]:
    tell(p, "ab")
for template in ["x", r"[\1]", r"\g<1>\g<n>", r"\2\1", r"\g<0>!", r"\\", r"\n", r"\t|", r"\0", r"\07", r"\101", r"\18", r"\400", r"\q", r"\3", r"\g<3>", r"\g<x>", r"\g", r"\g<", r"\g<>", r"\g<a", r"\g<1a>", "\\", r"\.", r"\é", "a\\\nb", ""]:
    for text in ["", "ab", "zabab"]:
        try:
            r.append((template, re.sub("(a)(?P<n>b)?", template, text), re.subn("a|(?P<n>b)(x)?", template, text, 1)))
        except (re.error, IndexError) as e:
            r.append((template, type(e).__name__, str(e)))
p = re.compile("(a)(b)?")
r += [p.match("xab", 1).span(), p.search("xab", 2), p.match("aab", 1, 2).groups(), p.fullmatch("xabx", 1, 3).group(), p.findall("ababab", 1, 5), p.match("b"), p.split("xabyaz", 1), p.sub("-", "aabab", 2),
      p.sub("-", string="ab", count=1), p.subn("", "abab"), p.match("ab").groups("z"), p.match("a").groups("z"), p.match("a").groupdict(), p.match("ab").group(1, 2), p.match("ab").group(0, 1, 2), p.match("ab").expand(r"\2-\1"),
      p.match("ab").string, p.match("ab").re is p, p.match("xab", 1).pos, p.match("xab", 1).endpos, p.match("ab").regs, p.pattern, p.groups, re.compile(p) is p, p == re.compile("(a)(b)?"), repr(p.match("ab")), repr(p), repr(re.compile("a", re.I)),
      re.compile("^a", re.M).findall("a\na"), re.compile("^a").search("ba", 1), re.compile(r"a$").search("ab", 0, 1).span(), re.compile(r"\ba").match("xa", 1), bool(p.match("a")), p.match("ab")[2], p.match("a")[2]]
r += [re.escape("a.b*c[d]"), re.escape("x-y_z 1#"), re.escape("\n\t"), int(re.I), int(re.S), int(re.X | re.I), re.purge(), re.NOFLAG if False else 0]
for wrong in ["p.match('a').group(3)", "p.match('a').group('q')", "p.match('a')[-1]", "re.compile(p, re.I)", "re.compile(3)", "re.match('a', 3)", "re.match('a', None)", "p.sub('-', 3)", "re.compile('a', re.L)"]:
    try:
        r.append(eval(wrong) if False else {"p.match('a').group(3)": lambda: p.match("a").group(3), "p.match('a').group('q')": lambda: p.match("a").group("q"), "p.match('a')[-1]": lambda: p.match("a")[-1],
                  "re.compile(p, re.I)": lambda: re.compile(p, re.I), "re.compile(3)": lambda: re.compile(3), "re.match('a', 3)": lambda: re.match("a", 3), "re.match('a', None)": lambda: re.match("a", None),
                  "p.sub('-', 3)": lambda: p.sub("-", 3), "re.compile('a', re.L)": lambda: re.compile("a", re.L)}[wrong]())
    except (IndexError, TypeError, ValueError) as e:
        r.append((wrong, type(e).__name__, str(e)))
r += [re.findall(r"\w+|\s|\d", "é٣ ²½ ªx\u3000y\x1cz"), re.findall(r"(?a)\w+", "éa b٣"), re.findall(r"\s", "\x1c\x85\u2028a"), re.findall("(?i)straße|É", "STRAßE é"), re.findall("(?i)[à-ö]", "ÀÖ×÷"), re.findall("(?i)k", "kK\u212a"),
      re.findall(r"\d+", "٣4"), re.findall(r"(?i)[\u0430-\u044f]+", "Привет"), re.sub(r"(?i)ſ", "s", "Sſs") if False else 0]
