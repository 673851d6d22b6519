from functools import partial, partialmethod, reduce, wraps, lru_cache, cache, singledispatch, total_ordering, cmp_to_key
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple, ChainMap
import itertools
import operator
import copy

r = []


def deco(times=1):
    def outer(f):
        @wraps(f)
        def inner(*args, **kwargs):
            """inner"""
            return [f(*args, **kwargs) for _ in range(times)]

        return inner

    return outer


@deco(times=2)
def greet(name, punctuation="!"):
    """Greets."""
    return name + punctuation


r += [greet("a"), greet("b", punctuation="?"), greet.__name__, greet.__doc__, greet.__wrapped__("z")]
calls = []


@lru_cache(maxsize=None)
def fib(n):
    calls.append(n)
    return n if n < 2 else fib(n - 1) + fib(n - 2)


r += [fib(15), len(calls)]


@singledispatch
def kind(x):
    return "object"


@kind.register(int)
def _(x):
    return "int"


@kind.register(list)
def _(x):
    return "list"


r += [kind(1), kind([]), kind("s"), kind(True)]


@total_ordering
class W:
    def __init__(self, w):
        self.w = w

    def __eq__(self, o):
        return self.w == o.w

    def __lt__(self, o):
        return self.w < o.w


r += [W(1) <= W(2), W(2) > W(1), W(2) >= W(2), max([W(1), W(5), W(3)]).w]
r.append(sorted([3, 1, 2], key=cmp_to_key(lambda a, b: b - a)))


class Cell:
    def __init__(self):
        self.alive = False

    def set_state(self, state):
        self.alive = state

    set_alive = partialmethod(set_state, True)


cell = Cell()
cell.set_alive()
r.append(cell.alive)
add = partial(operator.add, 10)
r += [add(5), add.args, partial(dict, a=1)(b=2), partial(partial(max, 1), 2)(0)]
r.append(reduce(lambda a, b: a * b, range(1, 6)))
r += [list(itertools.chain.from_iterable([[1], [2, 3]])), list(itertools.combinations("abcd", 2)), list(itertools.permutations([1, 2, 3], 2))]
r += [list(itertools.combinations_with_replacement("ab", 2)), list(itertools.product("ab", repeat=2)), list(itertools.zip_longest([1, 2], "a", fillvalue="-"))]
r += [list(itertools.takewhile(lambda v: v < 3, [1, 2, 3, 1])), list(itertools.dropwhile(lambda v: v < 3, [1, 2, 3, 1])), list(itertools.starmap(pow, [(2, 3), (3, 2)]))]
r += [[(k, list(g)) for k, g in itertools.groupby("aabbb")], list(itertools.pairwise([1, 2, 3])), list(itertools.accumulate([1, 2, 3], operator.mul, initial=10))]
r += [list(itertools.compress("abc", [1, 0, 1])), list(itertools.filterfalse(lambda v: v % 2, range(5))), list(itertools.islice("abcdefg", 1, 6, 2)), [list(t) for t in itertools.tee([1, 2])]]
r += [list(itertools.permutations([1, 2, 3])), list(itertools.combinations([1, 2], 3)), list(itertools.islice(itertools.cycle("ab"), 5)), list(itertools.repeat(0, 3)), list(itertools.product([], [1])), list(itertools.product())]
r += [operator.itemgetter(1)([4, 5]), operator.itemgetter(0, 2)("abc"), operator.attrgetter("real")(3) if False else 3, operator.methodcaller("upper")("x"), operator.contains([1], 1), operator.neg(3), operator.not_(0)]
cnt = Counter("abracadabra")
r += [cnt["a"], cnt["zz"], cnt.most_common(2), sorted(cnt.elements())[:3], sum(cnt.values()), (Counter("aab") + Counter("abc"))["a"], Counter("aab") - Counter("ab"), dict(Counter(a=2))]
cnt.update("zz")
r.append(cnt["zz"] + cnt["z"])
od = OrderedDict([("a", 1), ("b", 2), ("c", 3)])
od.move_to_end("a")
r += [list(od), od.popitem(last=False), list(od.keys()), list(reversed(od))]
dd = defaultdict(lambda: [0], x=[1])
dd["y"].append(2)
r += [dict(dd), "q" in dd, dd.get("q")]
dq = deque([1, 2, 3], maxlen=3)
dq.append(4)
dq.appendleft(0)
r += [list(dq), dq.popleft(), dq.pop(), len(dq), dq]
dq.extend([7, 8])
dq.rotate(1)
r += [list(dq), dq[0], dq.maxlen]
P = namedtuple("P", "x y z", defaults=[0])
p = P(1, 2)
r += [p, p._replace(y=5), p._asdict(), P._fields, P._make([7, 8, 9]), p == (1, 2, 0), [*p], p.x + p[1], p.index(2), len(p), isinstance(p, tuple)]
x, y, z = p
r += [x, y, z]
cm = ChainMap({"a": 1}, {"a": 2, "b": 3})
r += [cm["a"], cm["b"]]


class Node:
    def __init__(self, v, nxt=None):
        self.v, self.nxt, self.tags = v, nxt, [v]


n = Node(1)
n.nxt = n
m = copy.deepcopy(n)
k = copy.copy(n)
m.tags.append(2)
r += [m.nxt is m, m is not n, n.tags, k.tags is n.tags, copy.deepcopy((1, [2])), copy.copy([1, [2]])]


def make_counter():
    count = 0

    def bump(by=1):
        nonlocal count
        count += by
        return count

    return bump


one, two = make_counter(), make_counter()
one()
r += [one(5), two()]
r += [(lambda *a, k=2, **kw: (a, k, sorted(kw.items())))(1, 2, k=3, z=4), [f() for f in [lambda i=i: i for i in range(3)]], [f() for f in [lambda: i for i in range(3)]]]


def sig(a, /, b, *, c=1, **rest):
    return a, b, c, rest


r += [sig(1, 2), sig(1, b=2, c=3, a=4), sig(*[1], **{"b": 5})]
for bad in [lambda: sig(), lambda: sig(1), lambda: sig(1, 2, 3), lambda: greet.__wrapped__(), lambda: greet.__wrapped__("a", x=1), lambda: greet.__wrapped__("a", name="b")]:
    try:
        bad()
    except TypeError as e:
        r.append(type(e).__name__)
first, *middle, last = [1, 2, 3, 4]
(a, [b, *c]), d = (1, [2, 3, 4]), 5
r += [first, middle, last, a, b, c, d, [*range(3), *"ab"], {*[1, 2], 3} == {1, 2, 3}, {**{"a": 1}, "b": 2}, (*[1], 2)]
if (n := len("walrus")) > 3:
    r.append(n)
r.append([y for x in range(3) if (y := x * 2) > 1])
