from abc import ABC, abstractmethod
import functools

r = []


class Base:
    registry = []

    def __init_subclass__(cls, tag=None, **kwargs):
        super().__init_subclass__(**kwargs)
        Base.registry.append((cls.__name__, tag))

    def __init__(self, *args, **kwargs):
        r.append(("Base", args, sorted(kwargs)))


class A(Base, tag="a"):
    def __init__(self, x, **kwargs):
        super().__init__(x, **kwargs)
        self.x = x


class B(Base):
    def __init__(self, y=2, **kwargs):
        super().__init__(**kwargs)
        self.y = y


class C(A, B, tag="c"):
    def __init__(self):
        super().__init__(1, z=6)


c = C()
r.append((c.x, getattr(c, "y", None), Base.registry, [k.__name__ for k in C.__mro__]))


class Shape(ABC):
    @abstractmethod
    def area(self): ...

    @property
    @abstractmethod
    def name(self): ...


class Square(Shape):
    def __init__(self, s):
        self.s = s

    def area(self):
        return self.s**2

    @property
    def name(self):
        return "square"


try:
    Shape()
except TypeError as e:
    r.append("abstract")
r.append((Square(3).area(), Square(3).name, isinstance(Square(1), Shape)))


class V:
    def __init__(self, *v):
        self.v = v

    def __add__(self, o):
        return V(*(a + b for a, b in zip(self.v, o.v)))

    def __radd__(self, o):
        return V(*(a + o for a in self.v))

    def __mul__(self, k):
        return V(*(a * k for a in self.v)) if isinstance(k, int) else NotImplemented

    __rmul__ = __mul__

    def __neg__(self):
        return self * -1

    def __iadd__(self, o):
        self.v = self.v + o.v
        return self

    def __eq__(self, o):
        return isinstance(o, V) and self.v == o.v

    def __hash__(self):
        return hash(self.v)

    def __lt__(self, o):
        return self.v < o.v

    def __bool__(self):
        return any(self.v)

    def __len__(self):
        return len(self.v)

    def __getitem__(self, i):
        return self.v[i]

    def __iter__(self):
        return iter(self.v)

    def __contains__(self, x):
        return x in self.v

    def __repr__(self):
        return f"V{self.v}"

    def __format__(self, spec):
        return f"<{spec}>" + ",".join(format(x, spec) for x in self.v)

    def __call__(self, f):
        return V(*map(f, self.v))

    def __abs__(self):
        return sum(self.v)

    def __index__(self):
        return self.v[0]


a, b = V(1, 2), V(3, 4)
r += [a + b, 10 + a, a * 2, 2 * a, -a, a == V(1, 2), a != b, a < b, b > a, bool(V(0)), len(a), a[1], list(a), 2 in a]
r += [f"{a:.1f}", f"{a}", a(lambda t: t * t), abs(b), [10, 20, 30][a], {a: "x"}[V(1, 2)], len({a, V(1, 2), b})]
r.append(sorted([b, a]))
a += b
r.append(a)
try:
    a * None
except TypeError as e:
    r.append(str(e))


class D:
    def __get__(self, obj, owner=None):
        return "got" if obj is not None else "class"

    def __set__(self, obj, value):
        r.append(("set", value))

    def __set_name__(self, owner, name):
        self.name = name
        r.append(("name", name))


class U:
    __slots__ = ("p", "q")
    d = D()

    def __getattr__(self, name):
        if name.startswith("dyn_"):
            return name[4:]
        raise AttributeError(name)


u = U()
u.d = 4
r += [u.d, U.d, u.dyn_x, hasattr(u, "zzz"), getattr(u, "yyy", 3)]


class Cfg(dict):
    def __getattr__(self, k):
        try:
            return self[k]
        except KeyError:
            raise AttributeError(k)

    def __setattr__(self, k, v):
        self[k] = v


cfg = Cfg(a=1, b={"c": 2})
cfg.d = 5
r += [cfg.a, cfg["d"], sorted(cfg), len(cfg), "a" in cfg, cfg.get("zz", 9), dict(cfg), isinstance(cfg, dict), {**cfg}]
cfg.update(e=6)
r += [cfg.pop("e"), list(cfg.items()), cfg == {"a": 1, "b": {"c": 2}, "d": 5}, bool(Cfg())]


class Stack(list):
    def push(self, x):
        self.append(x)
        return self

    def __repr__(self):
        return "Stack" + super().__repr__()


s = Stack([1]).push(2).push(3)
r += [s, s[-1], s[::-1], len(s), s + [4], 2 in s, [*s], s.index(3), isinstance(s, list)]
s += [9]
r += [s, type(s).__name__]


class Name(str):
    def shout(self):
        return self.upper() + "!"


n = Name("bob")
r += [n.shout(), n == "bob", n + "x", len(n), {n: 1}["bob"], f"{n:>5}", n[0], "o" in n, isinstance(n, str)]


class Celsius(float):
    def f(self):
        return self * 9 / 5 + 32


r += [Celsius(100).f(), Celsius(1.5) + 1, round(Celsius(2.6))]


class Pair(tuple):
    def __new__(cls, a, b):
        return super().__new__(cls, (a, b))

    @property
    def total(self):
        return self[0] + self[1]


p = Pair(3, 4)
r += [p.total, p[1], len(p), list(p), p == (3, 4)]


class Single:
    instance = None

    def __new__(cls, *args):
        if cls.instance is None:
            cls.instance = super().__new__(cls)
        return cls.instance


r.append(Single() is Single())


def registered(cls):
    cls.tagged = cls.__name__.lower()
    return cls


@registered
class E:
    """Doc."""

    n: int = 3
    items = [i * 2 for i in range(3)]
    if n > 2:
        flag = "big"
    for k in range(2):
        last = k

    class Inner:
        value = 7

    def method(self):
        return __class__.__name__ if False else type(self).__name__

    alias = method

    @staticmethod
    def st(x):
        return x + 1

    @classmethod
    def make(cls, *a):
        return cls()


r += [E.tagged, E.items, E.flag, E.last, E.Inner.value, E().alias(), E.st(1), type(E.make()).__name__, E.__doc__, E.n]


class Meta(type):
    def __call__(cls, *args, **kwargs):
        obj = super().__call__(*args, **kwargs)
        obj.made_by = cls.__name__
        return obj

    def __len__(cls):
        return 42


class M(metaclass=Meta):
    def __init__(self, v):
        self.v = v


r += [M(3).made_by, M(4).v, len(M)]


class P:
    def __init__(self):
        self._v = 1

    @property
    def v(self):
        return self._v

    @v.setter
    def v(self, x):
        self._v = x * 2

    @v.deleter
    def v(self):
        self._v = None

    @functools.cached_property
    def heavy(self):
        r.append("computed")
        return self._v


o = P()
o.v = 5
r += [o.v, o.heavy, o.heavy]
del o.v
r.append(o.v)
try:
    class Q:
        @property
        def ro(self):
            return 1

    Q().ro = 2
except AttributeError as e:
    r.append("no setter")
T = type("T", (P,), {"z": 3, "f": lambda self: self.z})
r += [T().f(), T.__name__, T().v, issubclass(T, P)]
r += [vars(o), callable(o), callable(P), o.__class__.__name__, P.__name__, P.v.fget(o)]
r += [super(C, c).__class__.__name__ if False else 1, A.__init__ is A.__init__, E.Inner.__name__]
r.append([type(x).__name__ for x in (1, 1.0, "a", None, [], (), {}, set(), True, range(1), lambda: 0, E, o.__init__)])
