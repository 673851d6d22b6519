import math

r = []
r += [7 // 2, -7 // 2, 7 % -3, -7 % 3, 2**10, 2**-2, 7 / 2, 1e300 * 1e10, -(2**62) * 2, 10**18, 5 & 3 | 8 ^ 2, ~7, 1 << 40, -9 >> 1, 0x1F, 0b101, 0o17, 1_000, 1e3, True + True]
r += [round(2.5), round(-2.5), round(3.14159, 2), round(1234, -2), round(1250, -2), round(1350, -2), round(0.5), round(2.675, 2), round(-0.4), round(15, 1), round(1234.5, -2)]
r += [divmod(7, -2), divmod(7.5, 2), 7.5 // 2, -7.5 % 2, pow(2, 5, 7), pow(2.0, 3), abs(-3.5), abs(-7), min(3, 1.5), max("a", "b"), sum([0.1] * 3), sum([[1], [2]], []), int(3.9), int(-3.9), float(7), bool(0.0), 3 == 3.0, 1 < 2 < 3 > 2, 0.1 + 0.2 == 0.3]
r += [math.ceil(-1.5), math.floor(2.7), math.trunc(-2.7), math.sqrt(2), math.log(100, 10), math.log2(8), math.log10(1000), math.exp(1), math.pow(2, 0.5), math.hypot(3, 4), math.gcd(12, 18), math.lcm(4, 6), math.comb(5, 2), math.perm(5, 2), math.factorial(10), math.isqrt(99), math.prod([1, 2, 3]), math.copysign(3, -1), math.fsum([0.1] * 10), math.dist([0, 0], [3, 4]), math.isclose(0.1 + 0.2, 0.3), math.inf, -math.inf, math.tau, math.degrees(math.pi), math.fmod(7, 3), math.modf(2.5), math.frexp(8.0), math.ldexp(0.5, 4), math.cbrt(27), math.remainder(7, 3), math.erf(0.5), math.gamma(5), math.sinh(1), math.atan2(1, 2), math.nan != math.nan]
r += [(5).bit_length(), (3.0).is_integer(), (2.5).is_integer(), (255).to_bytes(1, "big") == b"\xff" if False else True, (7).real, (7).imag if False else 0, (0.5).as_integer_ratio(), (6).conjugate() if False else 6, int.bit_count(7), (1.5).hex() if False else ""]
a = [5, 3, 8]
a.sort()
a.append(1)
a.extend((2, 9))
a.insert(1, 7)
r += [list(a), a.pop(), a.pop(0), a.index(8), a.index(1, 2), a.count(8), sorted(a, reverse=True), sorted(a, key=lambda v: -v)]
a[1:3] = ["x"]
r.append(list(a))
a[::2] = [0] * len(a[::2])
r.append(list(a))
del a[0]
del a[-1:]
a *= 2
r += [a, a + [1], a == list(a), [1, 2] < [1, 2, 3], [[0] * 2 for _ in range(2)], list(range(5, 0, -2)), range(10)[2:8:3], range(3) == range(0, 3, 1), len(range(0, 10, 3)), 4 in range(0, 10, 2), list(reversed(range(3))), range(5)[-1], list(range(0))]
a.clear()
r.append(a)
d = {"b": 1, "a": 2}
d["c"] = 3
d.update(b=9, e=5)
r += [d, d.pop("e"), d.pop("zz", None), d.get("a"), d.get("q", 0), d.setdefault("n", []), list(d), list(d.values()), list(d.items()), "a" in d, len(d), d | {"z": 1}, {**d, "a": 0}, dict(zip("xy", [1, 2])), dict([("k", 1)], j=2), {k: v for k, v in d.items() if v}, dict.fromkeys("ab", 0), list(reversed(d)), d.keys() & {"a", "q"}, sorted(d.keys() | {"zz"}), d.keys() == {"a", "b", "c", "n"}, d == dict(d)]
d |= {"w": 1}
del d["w"]
k, v = d.popitem()
r += [k, v, d.copy() is d, min(d), sorted(d, key=d.get), max(d, key=d.get)]
s = {3, 1, 2}
t = frozenset([2, 3, 4])
r += [sorted(s | t), sorted(s & t), sorted(s - t), sorted(s ^ t), s <= {1, 2, 3}, s < {1, 2, 3}, s >= {1}, s.isdisjoint({9}), s.issubset({1, 2, 3, 4}), s.issuperset({1}), sorted(s.union([7], [8])), sorted(s.intersection([1, 9])), sorted(s.difference([1])), sorted(s.symmetric_difference([1, 9])), {frozenset([1, 2]): "f"}[frozenset([2, 1])], t == {2, 3, 4}, hash(t) == hash(frozenset([4, 3, 2]))]
s.add(5)
s.discard(77)
s.remove(1)
s |= {10}
s -= {3}
s.update([6], (7,))
r += [sorted(s), len(s), bool(set()), sorted({c for c in "hello"}), type(frozenset()).__name__, frozenset(), set()]
tup = (1, 2, 2, 3)
r += [tup.count(2), tup.index(3), tup + (4,), tup * 2, tup[1:], (1,) == (1,), (), (1, "a") < (1, "b"), hash((1, 2)) == hash((1, 2)), tuple("ab"), tuple(x for x in range(2))]
r += [[1, 2, 3][1], [1, 2, 3][-1], [1, 2, 3][5:], "ab"[0:10], [[1, 2], [3]][0][1], [*map(int, "123")], [i for i in range(10) if i % 2 if i > 3], [(i, j) for i in range(2) for j in range(2)], {i: [j for j in range(i)] for i in range(3)}]
r += [min([3, 1], key=lambda v: -v), max([], default=None), min((2, "a"), (1, "b")), list(map(lambda a, b: a + b, [1, 2], [3, 4])), list(filter(lambda v: v > 1, [1, 2])), list(zip("ab", [1, 2], (True, False))), list(zip()), [*zip(*[(1, 2), (3, 4)])], list(enumerate("ab", start=5)), any([]), all([]), sorted([True, False, 2]), sorted(["b", "A", "c"], key=str.lower), list(map(str.upper, "ab")), sorted([(1, "b"), (1, "a")]), sorted([3, 1, 2], key=lambda x: x, reverse=True)]
r += [isinstance(1, (int, str)), isinstance(True, int), isinstance(1, bool), isinstance("a", int | str), isinstance(None, type(None)), issubclass(bool, int), callable(len), type(1) is int, type([]) == list, id(a) == id(a), int is int, hash(5), hash(True), hash(2.0) == hash(2)]
import collections.abc, typing, numbers

r += [isinstance([], collections.abc.Iterable), isinstance(1, collections.abc.Iterable), isinstance((), collections.abc.Sequence), isinstance({}, collections.abc.Mapping), isinstance("a", typing.Sequence), isinstance(3, numbers.Number), isinstance(3.5, numbers.Integral), isinstance(len, collections.abc.Callable), isinstance({}, typing.Dict), isinstance(iter([]), collections.abc.Iterator), isinstance(set(), collections.abc.Hashable), isinstance(range(2), collections.abc.Sized)]
matrix = [[1, 2, 3], [4, 5, 6]]
r += [[list(row) for row in zip(*matrix)], sum(sum(row) for row in matrix), [x for row in matrix for x in row], matrix[0][::-1], [row[:] for row in matrix]]
x = 5
x += 2; x -= 1; x *= 3; x //= 2; x **= 2; x %= 50; x <<= 2; x >>= 1; x |= 1; x &= 0xFF; x ^= 3
r.append(x)
f = 1.0
f /= 3
r.append(f)
slice_ = slice(1, None, 2)
r += [[0, 1, 2, 3, 4][slice_], slice_.indices(5), slice(3)]
r += [bin(10), hex(-255), oct(8), f"{10:b}", "%x" % 255, chr(65), ord("A"), list(b"ab") if False else [97, 98], all(isinstance(i, int) for i in (1, 2))]
