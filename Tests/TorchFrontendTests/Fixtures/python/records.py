import dataclasses
import enum
from dataclasses import dataclass, field, asdict, astuple, replace, fields, is_dataclass, InitVar, KW_ONLY
from enum import Enum, IntEnum, Flag, IntFlag, auto, unique
from typing import NamedTuple, TypedDict, Generic, TypeVar, Protocol, ClassVar, Optional, List
from collections import namedtuple

r = []


@dataclass
class Layer:
    width: int
    kernel: int = 3
    tags: List[str] = field(default_factory=list)
    count: ClassVar[int] = 0
    area: int = field(init=False, repr=False, default=0)

    def __post_init__(self):
        self.area = self.width * self.kernel
        Layer.count += 1


a = Layer(4)
a.tags.append("x")
b = Layer(4, tags=["x"])
r += [a, b, a == b, Layer(1) == Layer(2), Layer(2, 5).area, Layer.count, Layer(1).tags, [f.name for f in fields(a)], asdict(a), astuple(b), replace(a, width=9), is_dataclass(a), is_dataclass(Layer), is_dataclass(3), Layer.kernel]
try:
    Layer()
except TypeError as e:
    r.append(str(e))
try:
    Layer(1, foo=2)
except TypeError as e:
    r.append("unexpected")


@dataclass(frozen=True, order=True)
class Point:
    x: int
    y: int = 0

    @property
    def norm(self):
        return self.x + self.y


p = Point(1, 2)
r += [p < Point(2), sorted([Point(3), p]), {p: 1}[Point(1, 2)], p.norm, p >= Point(1, 2), hash(p) == hash(Point(1, 2))]
try:
    p.x = 5
except dataclasses.FrozenInstanceError as e:
    r.append(str(e))
try:
    {Layer(1): 2}
except TypeError as e:
    r.append(str(e))


@dataclass
class Deep(Layer):
    depth: int = 2
    _: KW_ONLY
    name: str = "n"
    scale: InitVar[float] = 1.0

    def __post_init__(self, scale):
        super().__post_init__()
        self.scaled = self.width * scale


d = Deep(2, 5, ["t"], 7, name="z", scale=0.5)
r += [d, d.scaled, d.area]


class Plain(Layer):
    def __init__(self, n):
        super().__init__(n * 2)


r.append(Plain(3))


@dataclass
class Nested:
    layers: list = field(default_factory=lambda: [Layer(1)])
    cfg: dict = field(default_factory=dict)
    opt: Optional[int] = None


r += [Nested(), asdict(Nested())]


class Color(Enum):
    RED = 1
    GREEN = "g"
    CRIMSON = 1

    @property
    def pretty(self):
        return self.name.title()

    @classmethod
    def default(cls):
        return cls.GREEN

    def __str__(self):
        return f"<{self.value}>"


r += [Color.RED, Color.CRIMSON is Color.RED, Color(1), Color["GREEN"], Color.RED.pretty, Color.default(), [c.name for c in Color], len(Color), str(Color.RED), repr(Color.GREEN), Color.RED == 1, Color.RED in Color, isinstance(Color.RED, Color), list(Color.__members__), Color.GREEN.value, {Color.RED: 5}[Color.RED], f"{Color.RED}", Color.RED.name, Color.RED != Color.GREEN]
try:
    Color(99)
except ValueError as e:
    r.append(str(e))
try:
    Color["X"]
except KeyError as e:
    r.append(str(e))


class Size(IntEnum):
    SMALL = 1
    BIG = auto()
    HUGE = auto()


r += [Size.BIG, Size.BIG + 1, Size.BIG > Size.SMALL, [10, 20, 30][Size.SMALL], int(Size.HUGE), sorted(Size), Size(2), Size.BIG == 2, f"{Size.BIG}", str(Size.BIG), max(Size), range(Size.HUGE), {2: "x"}[Size.BIG], Size.BIG * 2.5]


class Mode(str, Enum):
    TRAIN = "train"
    EVAL = "eval"


r += [Mode.TRAIN == "train", Mode.TRAIN.upper(), Mode("eval"), {"train": 1}[Mode.TRAIN], Mode.EVAL in ("eval",), "tr" in Mode.TRAIN, Mode.TRAIN.value + "x", isinstance(Mode.TRAIN, str), [m.value for m in Mode]]


class Perm(Flag):
    R = auto()
    W = auto()
    X = auto()
    RW = R | W


r += [Perm.R.value, Perm.X.value, Perm.R | Perm.W, (Perm.R | Perm.X).value, Perm.R in Perm.RW, bool(Perm.R & Perm.W), Perm.RW == Perm.R | Perm.W, (~Perm.R).value]


class Op(Enum):
    CONV = ("conv", 3)
    POOL = ("pool", 2)

    def __init__(self, label, k):
        self.label = label
        self.k = k


r += [Op.CONV.label, Op.POOL.k, Op.CONV.value, Op(("pool", 2))]


class Fn(Enum):
    def square(x):
        return x * x

    A = 1

    def apply(self, x):
        return x + self.value


r += [Fn.A.apply(3), Fn.square(4), list(Fn)]


class P(NamedTuple):
    """A pair."""

    x: int
    y: int = 5

    def total(self):
        return self.x + self.y


q = P(1)
r += [q, q.total(), q.x, q[1], q._replace(x=3), q._asdict(), P._fields, q == (1, 5), P(y=2, x=1), len(q), sum(q), isinstance(q, P)]
x, y = q
r.append((x, y))
Q = NamedTuple("Q", [("a", int), ("b", str)])
r += [Q(1, "b"), Q(a=1, b="c").b]


class Opts(TypedDict, total=False):
    lr: float
    name: str


o: Opts = {"lr": 0.1}
r += [o, Opts(lr=1.0)]
T = TypeVar("T")


class Box(Generic[T]):
    def __init__(self, v: T):
        self.v = v


class HasArea(Protocol):
    def area(self) -> float: ...


r += [Box[int](3).v, Box("s").v, Optional[int] is not None]


def where(v):
    match v:
        case Point(x=0, y=0):
            return "origin"
        case Point(x, y) if x == y:
            return f"diag {x}"
        case Point(x=px):
            return ("p", px)
        case P(a, b):
            return ("P", a, b)
        case Color.RED:
            return "red"
        case {"type": "conv", "k": k, **rest}:
            return ("conv", k, rest)
        case [1, [2, *inner], *_]:
            return ("nested", inner)
        case (1 | 2) as n:
            return ("one or two", n)
        case str(s) | [str(s)]:
            return ("s", s)
        case float() | int():
            return "number"
        case None:
            return "none"
        case True:
            return "true"
        case _:
            return "other"


r += [where(v) for v in (Point(0, 0), Point(2, 2), Point(5, 1), P(1, 2), Color.RED, {"type": "conv", "k": 3, "z": 1}, [1, [2, 3, 4], 5], 2, "t", ["u"], 3.5, 7, None, True, {1})]
