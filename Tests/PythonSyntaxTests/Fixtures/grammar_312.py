# What Python 3.12 added to the grammar.
type Point = tuple[float, float]
type Pair[T: int, *Ts, **P] = tuple[T, *Ts]
type = 1
type (x)


def first[T](items: list[T]) -> T:
    return items[0]


class Stack[T: (int, str), *Ts](Base, metaclass=Meta):
    async def push[S: T](self, item: S) -> None: ...


quotes = f"{names["a"]} {f"{f"{1}"}"}" f'{'a' + 'b'}'
lines = f"{
    x  # a comment
    + 1
}"
backslash = f"{'\n'.join(names)} {"\t"}"
nested = f"{x:{y:{z}}}" f"{x:{'>'}{10}}"
mixed = f'{a["b"]:{c['d']}}'
triple = f"""{f'''{f"{1}"}'''}"""
