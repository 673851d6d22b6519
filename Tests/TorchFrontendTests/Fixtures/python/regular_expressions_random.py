import re
r = []
state = [20261121]


def draw(n):
    state[0] = (state[0] * 1103515245 + 12345) % 2147483648
    return (state[0] >> 12) % n


def atom(depth, groups):
    kind = draw(22 if depth else 13)
    if kind < 6:
        return "abc"[draw(3)]
    if kind < 13:
        return [".", "[ab]", "[^a]", r"\w", r"\b", "^", "$"][kind - 6]
    if kind < 16:
        groups.append(len(groups))
        return "(" + branches(depth - 1, groups) + ")"
    if kind < 18:
        return "(?:" + branches(depth - 1, groups) + ")"
    if kind < 20:
        return ["(?=", "(?!"][kind - 18] + branches(depth - 1, groups) + ")"
    if kind == 20:
        return "(?>" + branches(depth - 1, groups) + ")" if draw(2) else "(?<=" + "ab"[draw(2)] + ")"
    return "\\" + str(1 + draw(len(groups))) if groups else "c"


def sequence(depth, groups):
    text = ""
    for _ in range(1 + draw(3)):
        part = atom(depth, groups)
        text += part if part in (r"\b", "^", "$") and draw(40) else part + ["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{2,}"][draw(13)]
    return text


def branches(depth, groups):
    return "|".join([sequence(depth, groups) for _ in range(1 + draw(5) // 3)])


for number in range(260):
    pattern = branches(3, [])
    texts = ["", *["".join(["abc"[draw(3)] for _ in range(1 + draw(7))]) for _ in range(3)]]
    try:
        p = re.compile(pattern)
    except re.error as e:
        r.append((pattern, str(e)))
        continue
    row = [pattern]
    for text in texts:
        for m in (p.match(text), p.search(text), p.fullmatch(text)):
            row.append(m and (m.span(), m.groups(), m.lastindex))
        row += [p.findall(text), p.sub("-", text), p.split(text)]
    r.append(row)
