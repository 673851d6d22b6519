from contextlib import contextmanager
import itertools

r = []


def naturals():
    n = 0
    while True:
        yield n
        n += 1


r.append(list(itertools.islice(naturals(), 4)))
g = naturals()
r.append([next(g), next(g), next(g)])


def log(x):
    r.append(("log", x))
    return x


lazy = (log(i) for i in range(3))
r.append("made")
r.append(next(lazy))
r.append(list(lazy))
m = map(log, [7, 8])
r.append("map made")
r.append(next(m))
r.append(any(log(i) for i in [0, 1, 2]))
r.append(all(log(i) for i in [1, 0, 2]))


def inner():
    x = yield 1
    r.append(("received", x))
    yield 2
    return "result"


def outer():
    value = yield from inner()
    yield ("inner returned", value)


r.append(list(outer()))


def guarded():
    try:
        yield 1
        raise ValueError("x")
    except ValueError as e:
        yield str(e)
    else:
        yield "else"
    finally:
        yield "finally"
    for i in range(5):
        if i == 1:
            continue
        if i == 3:
            break
        yield i
    else:
        yield "no"
    i = 0
    while i < 2:
        i += 1
        if i:
            yield ("while", i)
    else:
        yield "done"
    return


r.append(list(guarded()))


def early():
    for i in range(10):
        try:
            if i == 2:
                return
            yield i
        finally:
            r.append(("closing", i))


r.append(list(early()))


@contextmanager
def managed(name):
    r.append(("enter", name))
    try:
        yield name.upper()
    except KeyError as e:
        r.append(("swallowed", e.args))
    finally:
        r.append(("exit", name))


with managed("a") as a, managed("b") as b:
    r.append((a, b))
with managed("c"):
    raise KeyError("k")
try:
    with managed("d"):
        raise ValueError("v")
except ValueError as e:
    r.append(str(e))


class Tree:
    def __init__(self, value, *children):
        self.value, self.children = value, children

    def __iter__(self):
        yield self.value
        for child in self.children:
            yield from child


r.append(list(Tree(1, Tree(2, Tree(3)), Tree(4))))
x = 5
late = (x * i for i in range(3))
x = 10
r.append(list(late))
pairs = ((i, j) for i in range(3) if i for j in range(i))
r.append(list(pairs))
z = zip(naturals(), "abc")
r.append(list(z))
try:
    next(iter([]))
except StopIteration:
    r.append("stop")
r.append(sum(i for i in (1, 2, 3)) + max((i for i in (1, 5)), default=0))
try:
    list(zip([1], [1, 2], strict=True))
except ValueError as e:
    r.append(str(e))
try:
    list(zip([1, 2], [1], strict=True))
except ValueError as e:
    r.append(str(e))
it = iter([1, 2, 3])
r.append([2 in it, list(it)])


def yielding_with():
    with managed("w") as name:
        yield name
        yield name * 2


r.append(list(yielding_with()))


def swap(items):
    match items:
        case [a, b]:
            yield b
            yield a
        case _:
            yield "other"


r.append([list(swap([1, 2])), list(swap(3))])
