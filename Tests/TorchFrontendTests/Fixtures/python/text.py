r = []
s = "Hello, World"
r += [s.lower(), s.upper(), s.swapcase(), s.title(), "hello world".capitalize(), s.find("o"), s.rfind("o"), s.find("o", 5), s.find("zz"), s.index("W"), s.count("l"), s.count("o", 5)]
r += [s.replace("l", "L"), s.replace("l", "L", 1), "abc".replace("", "-"), s.split(), s.split(", "), "a,b,,c".split(","), "a b c d".split(None, 2), "a,b,c".rsplit(",", 1), " x  y ".split(), "a  b c ".rsplit(None, 1), "l1\nl2\r\nl3".splitlines(), "x=1=2".partition("="), "x=1=2".rpartition("=")]
r += ["  x ".strip(), "xxaxx".strip("x"), "  x ".lstrip(), "  x ".rstrip() + "|", "abc".startswith(("x", "a")), "abc".endswith("bc"), "abc".startswith("b", 1), "prefix_x".removeprefix("prefix_"), "x.py".removesuffix(".py")]
r += ["-".join(["a", "b"]), "".join(map(str, range(3))), "7".zfill(3), "-7".zfill(4), "ab".center(5, "*"), "ab".center(6, "*"), "abc".center(6, "*"), "ab".ljust(4) + "|", "ab".rjust(4), "a\tb".expandtabs(4)]
r += ["abc".isalpha(), "a1".isalnum(), "12".isdigit(), "1.2".isdecimal(), "Ab".isupper(), "ab".islower(), " ".isspace(), "Hi There".istitle(), "x_1".isidentifier(), "1x".isidentifier(), "".isalpha(), "abc".isascii(), "a".isprintable()]
r += ["{:>8.3f}|{:<6}|{:^7}|{:+d}|{:05d}|{:,}|{:x}|{:#b}|{:e}|{:%}".format(3.14159, "ab", "mid", 5, 42, 1234567, 255, 5, 12345.678, 0.25)]
r += ["{0}{1}{0}".format("a", "b"), "{a[k]} {b.real}".format(a={"k": 1}, b=2) if False else "x", "{0[1]}".format([1, 2]), "{:{w}.{p}f}".format(3.14159, w=8, p=2), "{!r:>5}".format("a"), "{{}}".format(), "{:>{}}".format("a", 4)]
r += ["%5d|%-5d|%05d|%+d|%x|%o|%e|%g|%s|%r|%c|%%" % (42, 42, 42, 42, 255, 8, 12345.678, 0.00001, "s", "r", "c"), "%(a)s %(b).2f" % {"a": 1, "b": 2.5}, "%.3s|" % "abcdef", "%10.2f|" % 3.14159, "%s" % (1,), "%s %s" % ("a", [1]), "%*d" % (5, 42), "%i" % 3.9, "%#x" % 255, "% d" % 5]
x, name = 3.14159, "pi"
r += [f"{x:.2f}", f"{x:8.3f}|", f"{x!r}", f"{name!s:>5}", f"{name=}", f"{x = :.1f}", f"{x:{'>'}{10}.{2}}", f"{1_000_000:,}", f"{255:#x} {255:o} {255:b} {255:08b}", f"{0.1 + 0.2}", f"{1e20} {1e16} {123456789012345680.0}", f"{{}}", f"{'nested ' + f'{name}'}", f"{x:g} {1e-7:g} {1e10:g} {100000.0:g}", f"{True:d} {True} {None}", f"{3:<5}|{3:^5}|{3:>5}|{3:=+5}|", f"{-3.5:.0f} {2.5:.0f} {3.5:.0f}", f"{1234.5678:,.2f} {1234567:_}", f"{0:.1%}", f"{float('inf')} {float('nan')}", f"{12:c}" == "\x0c", f"{'a':*^7}", f"{x:n}" if False else "", f"{5!r:0>3}"]
r += [repr("a'b"), repr('a"b'), repr("a'b\"c"), repr("\n\t\\\x00\x7fé\u200b"), str("é"), ascii("a") if True else "", repr(b"ab\n") if False else "b"]
r += ["abc" < "abd", "a" * 3, "abc"[-2:], "abc"[::-1], "abcdef"[1:5:2], "b" in "abc", "a" "b", """multi
line""", r"\n", len("é"), "ß".upper(), ord("é"), chr(233), "abc".encode().decode() if False else "abc", max("abc"), sorted("bca"), list(enumerate("ab", 1)), "a-b_c".translate(str.maketrans("-_", "  ")), "x".join("abc")]
r += [int("42"), int(" -7 "), int("ff", 16), int("0b101", 0), int("1_000"), float("1e-3"), float(" inf "), float("-1.5"), str(1.0), str(1e100), str(0.1), str(100000000000000000000.0), repr(1e22), str(1.5e-10), str(123456789.123)]
r += [bool("0"), str(None), str([1, "a"]), str((1,)), str({"a": (1, 2)}), str({1, }), repr(["it's"])]
try:
    int('x')
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    int('')
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    float('a')
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    'a' + 1
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    'abc'.index('z')
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    '%d' % 'a'
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    '{}{}'.format(1)
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    [][0]
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    {}['a']
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    (1,)[5]
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    1 // 0
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    1.0 / 0
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    5 % 0
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    None.foo
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    foo
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    len(5)
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    [1].remove(2)
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    int(None)
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    'a'.foo
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    max([])
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    [1, 2] + (3,)
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    {[]: 1}
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    1 < 'a'
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    sorted([1, 'a'])
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    next(iter([]))
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    'abc'[10]
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    [3].index(4)
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    (lambda x: x)()
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    [].pop()
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    {}.popitem()
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    set().pop()
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    int('1.5')
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    chr(-1)
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    'x' * 'y'
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    5()
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    5[0]
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    range(0, 5, 0)
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    float('1_')
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    divmod(1, 0)
except Exception as e:
    r.append((type(e).__name__, str(e)))
try:
    1 / 0
except Exception as e:
    r.append((type(e).__name__, str(e)))
