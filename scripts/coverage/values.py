"""Weights and inputs that both sides make for themselves from a few numbers, so that no file has to hold them."""
import zlib

import numpy as np


def generator(*words):
    return np.random.default_rng(zlib.crc32(" ".join(map(str, words)).encode()))


def weight(entry):
    """Normal numbers of the mean and deviation that PyTorch's initial values have; [name, shape, mean, deviation]."""
    name, shape, mean, deviation = entry
    values = generator(name, *shape).standard_normal(int(np.prod(shape, dtype=np.int64)), dtype=np.float32)
    values = np.abs(values) * np.float32(0.5) + np.float32(0.5) if name.endswith("running_var") \
        else values * np.float32(deviation) + np.float32(mean)
    return values.reshape(shape)


def inputs(case):
    result = []
    for index, text in enumerate(case["inputs"]):
        kind, _, extents = text.rpartition(":")
        shape = [case.get("batch", 2)] + [int(extent) for extent in extents.split("x")]
        random = generator("input", index, text, *([case["draw"]] if "draw" in case else []))
        result.append(random.integers(0, case.get("vocabulary", 100), shape) if kind == "int64"
                      else random.standard_normal(shape, dtype=np.float32))
    return result


def cotangent(shape):
    return generator("cotangent", *shape).standard_normal(shape, dtype=np.float32)


def summary(gradients):
    """Small gradients whole, large ones by their largest element and four projections."""
    result = {}
    for name, value in gradients.items():
        value = np.asarray(value, dtype=np.float64).reshape(-1)
        if value.size > 20_000:
            random = generator("projection", value.size)
            projections = [float(value @ random.standard_normal(value.size)) / np.sqrt(value.size) for _ in range(4)]
            rows = np.array(projections + [float(np.abs(value).max())])
        else:
            rows = value
        result[name] = rows
    return result
