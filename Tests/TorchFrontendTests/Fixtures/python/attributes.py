import argparse
import json
from functools import singledispatch
from typing import Protocol, runtime_checkable

r = []


class Settings:
    def __init__(self, **options):
        self.__dict__.update(options)
        vars(self).setdefault("depth", 2)
        self.__dict__["width"] = 8
        self.mode = "wide"


s = Settings(depth=3, name="a")
r += [s.depth, s.name, s.width, dict(vars(s)), list(s.__dict__)]
del s.__dict__["name"]
r += [hasattr(s, "name"), s.__dict__.pop("mode"), hasattr(s, "mode"), s.__dict__.get("width")]
copied = dict(s.__dict__)
copied["width"] = 1
r += [s.width, Settings().depth]
s.__dict__.clear()
r.append(dict(vars(s)))


class Careful:
    def __setattr__(self, name, value):
        object.__setattr__(self, name, value * 2)


c = Careful()
c.x = 4
r.append(c.x)

a = argparse.Namespace(rate=0.1, sizes=[1, 2])
a.extra = "e"
r += [a.rate, "sizes" in a, "none" in a, vars(a), a == argparse.Namespace(rate=0.1, sizes=[1, 2], extra="e"), a == 3]


@runtime_checkable
class Builder(Protocol):
    size: int

    def build(self, n): ...


class Good:
    size = 1

    def build(self, n): return n


class Late:
    def __init__(self, known):
        if known:
            self.size = 2

    def build(self, n): return n


class Bad:
    size = 3


class Child(Builder):
    pass


class Unchecked(Protocol):
    def build(self): ...


r += [isinstance(x, Builder) for x in (Good(), Late(True), Late(False), Bad(), Child(), 3, None)]
try:
    isinstance(Good(), Unchecked)
except TypeError as e:
    r.append(str(e))


@singledispatch
def describe(x): return "other"


@describe.register
def _(x: int): return f"int {x:03d}"


@describe.register(str)
def _(x): return x.upper()


@describe.register
def _(x: list): return "list of " + ", ".join(describe(i) for i in x)


r += [describe(7), describe("a"), describe(2.5), describe([1, "b"])]
r += [json.loads('{"ops": ["a", 1, 2.5, true, null, {"k": -1e3}], "empty": [], "o": {}}'), json.loads(" 3 ")]
for text in ["{", "[1,]", "nothing", "1 2"]:
    try:
        json.loads(text)
    except ValueError as e:
        r.append(type(e).__mro__[-3] is Exception)


class Registering(type):
    known = []

    def __new__(mcls, name, bases, namespace, **options):
        namespace["label"] = name.lower()
        namespace.pop("draft", None)
        cls = super().__new__(mcls, name, bases, namespace)
        mcls.known.append((name, sorted(options)))
        return cls

    def __init__(cls, name, bases, namespace, **options):
        super().__init__(name, bases, namespace)
        cls.made = True


class Plain(metaclass=Registering):
    draft = 1
    kept = 2

    def double(self, x): return x * self.kept


class Derived(Plain, size=3):
    kept = 5

    def double(self, x): return super().double(x) + 1


r += [Registering.known, Plain.label, Derived.label, hasattr(Plain, "draft"), Derived().double(2), Derived.made]


class Direct(type):
    def __new__(cls, name, bases, attrs):
        made = type.__new__(cls, name, bases, attrs)
        made.order = [k for k in attrs if not k.startswith("__")]
        return made


class Fields(metaclass=Direct):
    a, b = 1, 2
    c = "x"


r += [Fields.order, type(Fields).__name__, isinstance(Fields, Direct)]
