"""Evaluates expressions over tensors in PyTorch, for comparison.

Usage: functions.py QUESTIONS.json ANSWERS.json

A question is {"statements", "expression", "operands": {name: {"shape", "values"}}, "isEinops"}. Operands are float32 and
want gradients. An answer is {"error"}, or the results' shapes, types and elements, and the gradients of the sum of
every result of floating type times cos(0), cos(1), ... over its elements. The first member of the reply is PyTorch's
version.
"""

import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
NAMES = {"torch": torch, "F": F, "nn": torch.nn, "np": np, "math": math}
try:
    import einops
    NAMES |= {name: getattr(einops, name) for name in ["rearrange", "reduce", "repeat", "pack", "unpack", "parse_shape"]}
    NAMES |= {"einops": einops}
    from einops.layers.torch import Rearrange, Reduce
    NAMES |= {"Rearrange": Rearrange, "Reduce": Reduce}
except ImportError:
    einops = None


def numbers(value):
    """The elements as doubles; JSON has no other numbers, so infinities are ±1e300 and NaN is a string."""
    def finite(x):
        return "nan" if math.isnan(x) else max(-1e300, min(1e300, x))
    return [finite(x) for x in value.detach().to(torch.float64).flatten().tolist()]


def answer(question):
    operands = {
        name: torch.tensor(operand["values"], dtype=torch.float32).reshape(operand["shape"]).requires_grad_(True)
        for name, operand in question["operands"].items()}
    # As in a network, operands are no leaves, so that they may be changed in place.
    names = dict(NAMES) | {name: operand * 1 for name, operand in operands.items()}
    exec(question["statements"], names)
    result = eval(question["expression"], names)
    results = list(result) if isinstance(result, (tuple, list)) and not isinstance(result, torch.Size) else [result]
    results = [
        part if isinstance(part, torch.Tensor)
        else torch.tensor(part, dtype=torch.float64) for part in results]
    loss = 0
    for part in results:
        if part.requires_grad:
            loss = loss + (part.flatten() * torch.cos(torch.arange(part.numel(), dtype=torch.float32))).sum()
    gradients = {}
    if isinstance(loss, torch.Tensor):
        for name, gradient in zip(operands, torch.autograd.grad(loss, operands.values(), allow_unused=True)):
            gradients[name] = numbers(torch.zeros_like(operands[name]) if gradient is None else gradient)
    return {
        "shapes": [list(part.shape) for part in results],
        "types": [str(part.dtype).removeprefix("torch.") for part in results],
        "outputs": [numbers(part) for part in results], "gradients": gradients}


def main():
    with open(sys.argv[1]) as file:
        questions = json.load(file)
    answers = []
    for question in questions:
        if question["isEinops"] and einops is None:
            answers.append({"isMissing": True})
            continue
        try:
            answers.append(answer(question))
        except Exception as error:
            answers.append({"error": f"{type(error).__name__}: {error}"})
    with open(sys.argv[2], "w") as file:
        version = [int(part) for part in torch.__version__.split("+")[0].split(".")[:2]]
        json.dump({"version": version, "answers": answers}, file)


main()
