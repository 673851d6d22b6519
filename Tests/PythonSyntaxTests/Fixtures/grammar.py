#!/usr/bin/env python3
# -*- coding: utf-8 -*-
'''Every corner of the grammar that Python 3.11 has; what 3.12 added is in grammar_312.py.'''

# Numbers
numbers = [0, 00, 0_0, 7, 1_000_000, 0xFF, 0XdeadBEEF, 0o17, 0O1_7, 0b1010, 0B1_0, 9223372036854775807]
large = [9223372036854775808, 0xFFFF_FFFF_FFFF_FFFF, 0b1 , 123456789012345678901234567890, 0o7777777777777777777777777]
floats = [1., .5, 1.5, 1e10, 1E-3, 1.e5, .5e+2, 1_0.0_1e1_0, 5e-324, 1e400, 00.5, 09.5, 0e0]
imaginary = [1j, 1.5J, .5j, 1e3j, 0_1j]
glued = 1if 1else 2
attribute = 1 .real, 1..real, 1.5.real

# Strings
plain = 'single' "double" '''triple 'single' ''' """triple "double" """
escapes = '\a\b\f\n\r\t\v\\\'\"\0\12\123\x41\u00e9\U0001F600\N{LATIN SMALL LETTER A}\N{bullet}\q\
joined'
raw = r'\n' R"\t" r'\'' r"""\
"""
unicode = u'\u20ac' U"x"
data = b'bytes \x00\xff\n' B"more" rb'\x00' bR'\'' BR"\n" Rb''
empty = '' "" '''''' """"""
non_ascii = "żółć 漢字 🎉" 'combining e\u0301'
été = ﬁx = µ = größe = 变量 = _x9 = 1
name = "Ada"; value = 3.14159; width = 10

# f-strings
f1 = f'' f"text" f'{name}' f"{name!r}" f'{name!s:>{width}}' f"{value:.3f}" f'{value:{width}.{3}}'
f2 = f'{{}} {{{name}}} {{{{' 'and plain' rf'\d{name}\n' Fr"{value}" fR'\{name}'
f3 = f'{name=}' f"{ name = }" f'{value=:.2f}' f"{name=!s}" f'{name = !r:^20}'
f4 = f'{ {"a": 1}["a"] } {[x for x in "ab"]} {(lambda x: x)(1)} {name if name else 2} {1 != 2} {(x := 5)}'
f5 = f'''{
    name
} and
{value:
}''' f"{name, value} {*[1], 2}" f'\N{bullet}{name}\x7b'
f6 = f"{'a' 'b'} {name.upper()[0:1]:{'>'}{width}}" "tail"
f7 = f'{name:%Y-%m-%d} {value:,} {value::>8} {width:#x}' f'{name!a}'

# Operators
arithmetic = -1 ** -2 ** +3, (-1) ** 2, 2 ** -1, ~1 + -2 * +3, 1 - 2 - 3, 1 - (2 - 3), 7 // 2 % 3 / 4 @ 5
bits = 1 << 2 >> 3 & 4 | 5 ^ 6, (1 | 2) & 3, ~(1 + 2)
logic = not 1 and not 2 or 3 and (4 or 5), (1 and 2) and 3, 1 and (2 and 3), not (1 or 2), not not 1
compare = 1 < 2 <= 3 != 4 == 5 > 6 >= 7, 1 is not 2, 1 not in [2], 1 in [1] is True, (1 < 2) < 3, not 1 == 2
conditional = 1 if 2 else 3 if 4 else 5, (1 if 2 else 3) if 4 else 5, (lambda: 1) if 2 else lambda: 3
deep = ((((((1))))))

# Displays, subscripts, calls
tuples = (), (1,), (1, 2), (1, 2,), ((1, 2), 3), 1, 
lists = [], [1], [1, 2,], [*tuples, 1, *lists]
sets = {1}, {1, 2,}, {*sets, 3}
dictionaries = {}, {1: 2}, {1: 2, **{}, 'a': lambda: 0,}, {**{}}, {(x := 1): 2, 3: 4}
slices = a[1], a[:], a[1:], a[:2], a[1:2], a[::], a[1::2], a[:2:3], a[1:2:3], a[::-1], a[...], a[..., None]
slices2 = a[1, 2], a[1:2, ::3], a[1,], a[()], a[(1, 2)], a[*b], a[*b, 1:2], a[x := 1], a[lambda: 0:lambda: 1], a[b][c]
calls = f(), f(1), f(1,), f(*a), f(**k), f(1, *a, 2, x=3, *b, y=4, **k, z=5), f(x for x in y), f((x for x in y), 1)
calls2 = f(a)(b).c[d](e), f(x := 1), f(a=1)(lambda: 0), (yield_ := f)(), f(a, b=(yield_)), f(*a or b), f(**a or b)
parenthesized = (a).b, (a + b).c, (a)(b), (a)[b], (a) + (b), -(a), (a, b)[0], [a][0], {a: b}[a], "s".join(c), (f)(x)
ellipsis = ...

# Comprehensions
comprehensions = [x for x in y], {x for x in y}, {x: y for x, y in z}, (x for x in y), [x for x, in y]
nested = [x for x in y if x if not x for z in x for (a, b), *c in z if a or b], [[x for x in y] for y in z]
odd = [x for x in (1 if 2 else 3)], [x for x in (lambda: y)] if 0 else [(x, y) for x in a or b if x and y], {**{a: b for a in c}}
targets = [0 for x.y in z], [0 for x[0] in z], [0 for [x, y] in z], [y := x, y ** 2], [y := f(x) for x in z]

# Lambdas
lambdas = lambda: 0, lambda x: x, lambda x, y=1: x, lambda *a: a, lambda **k: k, lambda *, k: k, lambda *, k=1, l: k
lambdas2 = lambda a, /: a, lambda a, b=1, /, c=2, *d, e, f=3, **g: (a, b), lambda x: lambda y: x, lambda: (yield), lambda x,: x

# Assignments
a = b = c = 1
a, b = b, a
(a, b), [c, *d] = e
[a, b] = (c) = d, = [1],
a.b, a[0], (a.c), *a.d = range(9)
() = []
*a, = b
x: int
x: int = 1
(x): int = 1
x.y: "str" = "a"
x[0]: list[int] = [1]
x: tuple = 1, *a
x += 1; x -= 1; x *= 2; x /= 2; x //= 2; x %= 2; x **= 2; x @= 2; x &= 1; x |= 1; x ^= 1; x >>= 1; x <<= 1
x.y += 1; x[0] += 1, 2
match = case = type = _ = 1
match.x = match[0] = match(1)
match, case = case, match
match * 2; match (1); match [1]; match -1; type(x); type (x)
print(match)


# Statements
def g():
    global a, b
    pass; return
    return 1
    return 1, *a
    return *a,
    yield
    yield 1
    yield 1, *a
    x = yield
    x = y = yield 1
    x += yield 1
    x: int = yield
    yield from a
    return (yield)
    for x in (yield from a), (yield): pass
    f"{yield}" f"{(yield 1)}"
    x = yield from a
    f((yield), [(yield 1)])
    await_ = 1
    del a, b
    del (a), [b, c], (d, e), f.g, h[0],
    del ()
    assert a
    assert a, "message"
    assert (a, "tuple")
    raise
    raise ValueError
    raise ValueError("a") from None
    def h():
        nonlocal x, \
            y
        return x \
            + y


import a
import a.b.c, d as e, f.g as h
from a import b
from a.b import c as d, e
from a import (b, c as d,)
from a import (
    b
)
from . import a
from .a import b
from ... import a
from ....a.b import c
from a import *

if a: pass
if a: b; c
elif d:
    e
elif f: g
else:
    h
if a := b: pass
if (a := 1) and (b := 2):
    if c:
        pass
    else:
        if d:
            pass
while a: break
while a:
    continue
else:
    pass
while x := f(): pass
for x in y: pass
for x, y in z: pass
for x, in z: pass
for (x, y), *z in a, *b:
    pass
else:
    pass
for x[0] in y: pass
for x.y in z: pass
for x in *a, b: pass
try:
    a
except:
    b
try: a
except A: b
except (A, B) as c: d
except a.b as e:
    pass
else:
    f
finally:
    g
try:
    a
finally:
    b
try: a
except* A: b
except* (B, C) as d: e
with a: pass
with a as b: pass
with a, b as c: pass
with (a): pass
with (a) as b: pass
with (a, b): pass
with (a, b) as c: pass
with (a as b): pass
with (a as b, c as d,):
    pass
with (a, b as c): pass
with (a).b as c, (d, e): pass
with (a), (b): pass
with a as (b, c), d as e.f, g as h[0], i as [j, k]: pass
with (yield_ := a): pass
with (a if b else c) as d: pass
with (a for a in b) as c: pass
with open(a) as b, \
     open(c) as d: pass
with ((a, b)): pass
with (): pass


@decorator
def f0(): pass
@a.b.c
@a(1, b=2)
@(x := a[0])
@a[0].b
class C0: pass
class C1(): pass
class C2(a, b.c, metaclass=d, *e, **f):
    x: int = 1
    "not a docstring"
    def method(self): ...
    @property
    # a comment between
    def prop(self) -> "int": return 1

    async def coroutine(self):
        await a
        await a.b(c)[d] ** 2
        -await a
        x = await a if await b else await c
        async for x, y in z: pass
        else: pass
        async with a as b, c: pass
        async with (a as b, c as d): pass
        return [x async for x in y if await x], {x: y async for x in z}, (x async for x in y)
@a
async def f1(): pass


def f2(a, b: int, c=1, d: int = 2, /, e=3, *f: int, g, h: int = 4, i=5, **j: dict) -> None: pass
def f3(*, a): pass
def f4(*, a, **b): pass
def f5(a, /): pass
def f6(a, /, *, b): pass
def f7(a, b,): pass
def f8(*a,): pass
def f9(**a,): pass
def fa(*args: *Ts) -> tuple[*Ts]: pass
def fb(a=lambda x: x, *b): return b
def fc(
    a,  # first
    b = (1, 2),

    c: list[int] = [],
): pass

# Match
match x:
    case 0: pass
    case -1 | 1 if (False if 1 else 2): pass
match x:
    case 0 | 1.5 | -2 | -1.5 | 1j | -1j | 1 + 2j | -1 - 2j: pass
    case "a" 'b' | b"c" | None | True | False: pass
    case a.b | a.b.c: pass
    case _: pass
    case y if y > 1: pass
    case (a): pass
    case (a | b) as c: pass
    case [a, b, *rest] | (a, b, *_): pass
    case [] | (): pass
    case [a] | (a,): pass
    case a, b: pass
    case a, *b: pass
    case *a, b: pass
    case a,: pass
    case {}: pass
    case {"a": 1, b.c: [x], -1: y, None: z, **rest}: pass
    case {**rest}: pass
    case {"a": _,}: pass
    case A(): pass
    case A(a, b.c(d), e=1, f=g | h as i,): pass
    case a.B(x=1): pass
    case str() as s if s: pass
    case [[a], {"k": (b, c)}]: pass
match x, y:
    case 1, 2: pass
match x,:
    case [1]: pass
match *a, b:
    case _: pass
match (x):
    case _: pass
match x := 1:
    # comment
    case _:
        match y:
            case 1:
                pass
        z
match -x:
    case _: pass
match [a, b]:
    case [match, case]: pass
match match:
    case case: pass
match(a, b)
match[a:b]
    
if 1:
        eight = 1
        if 2:
         nine = 2
	# a comment with a tab
if 1:
	tab = 1
	if 2:
		tabs = 2
x = [
1,
  2,
        3] ; y = (
    4)
class E: x = 1; y = 2;
# the end without a line end
last = 1 # comment