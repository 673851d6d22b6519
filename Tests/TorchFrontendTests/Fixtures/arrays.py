import numpy as np
r = []


def show(*values):
    for v in values:
        if isinstance(v, tuple):
            show(*v)
        elif hasattr(v, "tolist"):
            r.append(v.item() if tuple(v.shape) == () else (v.tolist(), tuple(v.shape), str(v.dtype).replace("torch.", "")))
        else:
            r.append(v)


# The widths of RegNet's stages.
def stages(slope, init, mult, depth, divisor=8):
    cont = np.arange(depth) * slope + init
    exps = np.round(np.log(cont / init) / np.log(mult))
    widths = init * np.power(mult, exps)
    widths = (np.round(widths / divisor) * divisor).astype(int)
    block = (np.round(np.divide(init * np.power(mult, exps), divisor)) * divisor).astype(int).tolist()
    unique, counts = np.unique(widths, return_counts=True)
    splits = [w != v for w, v in zip(block + [0], [0] + block)]
    return unique.tolist(), counts.tolist(), [int(w) for w in unique], len(np.unique(block)), [[w] * n for w, n in zip(unique, counts)], np.diff([d for d, t in enumerate(splits) if t]).tolist()


for config in [(36.44, 24, 2.49, 13), (24.48, 24, 2.54, 22), (34.01, 80, 2.25, 27), (69.86, 96, 2.88, 20), (27.89, 48, 2.09, 16, 8), (160.23, 528, 2.52, 27)]:
    r.append(stages(*config))

a, b, f = np.array([1, 2, 3]), np.array([4, 5, 6]), np.array([0.5, 1.5, 2.5])
show(a + b, a - b, a * b, a / b, b // a, b % a, a ** 2, a * 1.5, 1.5 * a, a + 1, 1 - a, 1 / a, 2 ** a, a / 2, a // 2, a + [1, 2, 3], [1, 2, 3] * f, f + (1, 2, 3), a * True, -a, -f)
show(a > 1, a == [1, 5, 3], f <= 1.5, 2 < b, ~(a > 1), (a > 1) & (a < 3), (a > 2) | (a < 2), a != b)
show(np.array([1, 2], dtype=np.float32) * 0.1, np.array([1, 2], dtype=np.float32) / 3, np.sqrt(np.array([2], dtype=np.float32)), np.arange(3, dtype=np.float32) + 1)
show(np.arange(5), np.arange(2, 10, 3), np.arange(0, 1, 0.25), np.linspace(0, 1, 5), np.linspace(0, 10, 4).astype(int), np.linspace(0.0, 0.2, 3).tolist())
show(np.round(f), np.floor(f), np.ceil(f), np.round(np.array([1.25, 1.35]), 1), np.sqrt(np.array([4, 9])), np.log2(8), np.log(np.array([1.0, 2.0])), np.abs(np.array([-1, 2])), np.sign(f - 1), np.clip(a, 2, 3), np.maximum(a, 2), np.minimum(a, [3, 1, 2]))
show(a.sum(), a.mean(), f.mean(), a.max(), a.min(), f.std(), a.var(), a.prod(), a.cumsum(), f.cumsum(), a.argmax(), f.round(), (a > 1).any(), (a > 1).all(), (a > 1).sum(), a.astype(float) / 2, f.astype(int), a.size, a.shape, a.ndim, len(a))
show(np.prod([2, 3, 4]), np.prod((3, 32, 32)), np.prod(np.array([1.5, 2])), np.sum([1, 2.5]), np.mean([1, 2]), np.cumsum([1, 2, 3]), np.diff([1, 4, 9]), np.unique([3, 1, 3, 2]), np.concatenate([a, b]), np.stack([a, b]), np.repeat(a, 2), np.argsort([3, 1, 2]), np.sort([3, 1, 2]))
m = np.arange(6).reshape(2, 3)
show(m, m.T, m * 2.0, m + a, m.sum(axis=0), m.sum(axis=1), m.mean(0), m[0], m[:, 1], m[1, 2], m.reshape(-1), m.flatten(), m.transpose(), m.max(axis=1), m.copy() + 1, np.expand_dims(a, 0), np.zeros((2, 2)) + 1, np.ones(3) * a, np.full((2,), 7) / 2, np.eye(2) * 3, np.zeros_like(a), np.ones_like(f), np.dot(a, b), m @ a)
show(a[0] / 2, a[-1] // 2, [int(x) for x in a], [x * 2 for x in f], sum(a), max(f), sorted(b, reverse=True), list(zip(a, b))[1][0] + 1, a[a > 1], a[[0, 2]], m[m > 2], a[::-1] if False else a[1:], [x / 2 for x in a], a[1] ** -1.0, f[0] == 0.5)
c = a.copy()
c[0] = 10
c += 1
d = f.copy()
d *= 2
d[1:] = 0
show(a, c, d, np.logical_and(a > 1, b > 1), np.isfinite(f), np.where(a > 1, a, 0), np.array([[1, 2], [3, 4]]).tolist(), np.array(3.0) * 2, np.float32(1.5) if False else 0)


def plain(v):
    # NumPy 2 shows its numbers with their types.
    if isinstance(v, (list, tuple)):
        return type(v)([plain(x) for x in v])
    return v.item() if hasattr(v, "item") else v


r = [plain(v) for v in r]
