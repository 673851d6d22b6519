r = []


def order(kind):
    out = []
    try:
        out.append("try")
        if kind == "raise":
            raise ValueError("bad")
        if kind == "return":
            return out
    except ValueError as e:
        out.append(str(e))
    else:
        out.append("else")
    finally:
        out.append("finally")
    return out


r += [order("raise"), order("return"), order("none")]


class AppError(Exception):
    def __init__(self, msg, code=7):
        super().__init__(msg)
        self.code = code


class SubError(AppError):
    pass


try:
    try:
        1 / 0
    except ZeroDivisionError as e:
        raise SubError("wrapped", code=3) from e
except AppError as e:
    r += [str(e), e.code, e.args, type(e.__cause__).__name__, isinstance(e, Exception), repr(e)]
try:
    try:
        raise KeyError("k")
    finally:
        r.append("inner finally")
except (ValueError, KeyError) as e:
    r += [repr(e), str(e), e.args[0]]
try:
    raise NotImplementedError
except RuntimeError as e:
    r.append(type(e).__name__)


def nested():
    for i in range(3):
        try:
            try:
                if i == 1:
                    raise IndexError(i)
                continue
            finally:
                r.append(("f", i))
        except IndexError:
            r.append("caught")
            break
    else:
        r.append("never")
    while True:
        try:
            return "ret"
        finally:
            r.append("last")


r.append(nested())


def override():
    try:
        raise ValueError
    finally:
        return "overridden"


r.append(override())


class Ctx:
    def __init__(self, name, swallow=False):
        self.name, self.swallow = name, swallow

    def __enter__(self):
        r.append(("enter", self.name))
        return self

    def __exit__(self, t, v, tb):
        r.append(("exit", self.name, t.__name__ if t else None, str(v) if v else None))
        return self.swallow


with Ctx("a") as a, Ctx("b"):
    r.append(a.name)
with Ctx("c", swallow=True):
    raise ValueError("inside")
try:
    with Ctx("d"):
        raise KeyError("out")
except KeyError:
    r.append("after d")


def leave():
    with Ctx("e"):
        return 5


r.append(leave())
for i in range(2):
    with Ctx(i):
        continue
with (Ctx("p") as p, Ctx("q") as q):
    r.append((p.name, q.name))
try:
    assert 1 > 2, "message"
except AssertionError as e:
    r.append(str(e))
try:
    assert False
except AssertionError as e:
    r.append(repr(e))
n = 0
while n < 10:
    n += 1
    if n % 2:
        continue
    if n > 6:
        break
else:
    r.append("no break")
r.append(n)
for a, (b, c) in [(1, (2, 3))]:
    r.append(a + b + c)
for i, (k, v) in enumerate({"x": 1, "y": 2}.items()):
    r.append((i, k, v))
for x, *rest in [(1, 2, 3), (4,)]:
    r.append((x, rest))
else:
    r.append("done")
total = 0


def bump():
    global total, fresh
    total += 1
    fresh = "made"


bump()
r += [total, fresh]
try:
    undefined_name
except NameError as e:
    r.append(str(e))


def local():
    try:
        print(later)
        later = 1
    except UnboundLocalError as e:
        return type(e).__name__


r.append(local())
x = 10
del x
try:
    x
except NameError:
    r.append("deleted")
try:
    try:
        raise ValueError("first")
    except ValueError:
        raise
except ValueError as e:
    r.append(e.args)
try:
    raise ValueError("a", 1)
except Exception as error:
    r += [str(error), repr(error)]
try:
    error
except NameError:
    r.append("name gone")
val = 3 if r else 4
r += [val, 0 or "x", "" and 1, not 0, None or [] or 0, 1 and 2, (1, 2) if val else (), [1, 2, 3][val - 2 if val > 2 else 0]]
if val == 1:
    pass
elif val == 3:
    r.append("elif")
else:
    r.append("else")
f = lambda x, *a, k=3, **kw: (x, a, k, kw)
r += [f(1), f(1, 2, k=4, z=5), (lambda: (yield))() is not None if False else True]


def fact(n: int) -> int:
    "doc"
    return 1 if n <= 1 else n * fact(n - 1)


r += [fact(10), fact.__doc__, fact.__name__]


def outer(a, b=[]):
    b.append(a)
    return b


r += [outer(1), outer(2)]


async def not_run():
    await something()


def raises_type(v):
    if not isinstance(v, int):
        raise TypeError(f"expected int, got {type(v).__name__}")
    return v


for v in (1, "a"):
    try:
        r.append(raises_type(v))
    except TypeError as e:
        r.append(str(e))
x: int = 5
y: "list[int]"
z = w = [0]
w.append(1)
r += [x, z]
i = 5
i, j = i + 1, i
r += [i, j]
a = [1, 2, 3]
a[0], a[2] = a[2], a[0]
r.append(a)
(a[1], b), c = (9, 8), 7
r += [a, b, c]
print("ignored", end="")
if __name__ == "__main__":
    r.append("main" * 0)
try:
    import surely_missing_package
    HAS = True
except ImportError:
    HAS = False
r.append(HAS)
try:
    from surely_missing_package.sub import thing
except (ImportError, AttributeError):
    thing = None
r.append(thing)
