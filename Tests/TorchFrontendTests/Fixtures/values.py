"""Runs networks in PyTorch with given weights and prints their numbers, for comparison.

Usage: values.py QUESTIONS.json ANSWERS.json

A question is {"source", "name", "isTraining", "inputs", "variables", "weights"}: the variables are loaded by name, the
inputs go to the network by position, and the gradients are those of the sum of all outputs times their weights.
An answer is {"error"} or has the state dict's names and shapes, moments of the initial values, outputs, gradients
and buffers after the run. The first line of the answers is PyTorch's version.
"""

import json
import math
import sys

import torch

torch.set_num_threads(1)


def tensor(question):
    kind = torch.int64 if question["isInteger"] else torch.float32
    return torch.tensor(question["values"], dtype=torch.float32).to(kind).reshape(question["shape"])


def numbers(value):
    """The elements as doubles; JSON has no other numbers, so infinities are ±1e300 and NaN is a string."""
    def finite(x):
        return "nan" if math.isnan(x) else max(-1e300, min(1e300, x))
    return [finite(x) for x in value.detach().to(torch.float64).flatten().tolist()]


def flattened(result):
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, dict):
        result = result.values()
    return [tensor for part in result if part is not None for tensor in flattened(part)]


def moments(value):
    value = value.detach().to(torch.float64)
    return [float(value.mean()), float(value.std(unbiased=False)), float(value.min()), float(value.max())]


def answer(question):
    torch.manual_seed(0)
    names = {"__name__": "network"}
    exec(compile(question["source"], "network", "exec"), names)
    network = names[question["name"]]()
    inputs = [tensor(value) for value in question["inputs"]]
    if any(torch.nn.parameter.is_lazy(p) for p in [*network.parameters(), *network.buffers()]):
        network.eval()
        with torch.no_grad():
            network(*inputs)
    network.train(question["isTraining"])
    result = {}
    parameters = dict(network.named_parameters())
    state = network.state_dict()
    buffers = {
        name: buffer for name, buffer in network.named_buffers()
        if name in state and not name.endswith("num_batches_tracked")}
    result["parameters"] = [[n, list(p.shape), p.requires_grad] for n, p in parameters.items()]
    result["buffers"] = [[n, list(b.shape), False] for n, b in buffers.items()]
    result["moments"] = {n: moments(p) for n, p in parameters.items()}
    with torch.no_grad():
        for name, value in question["variables"].items():
            target = parameters.get(name, buffers.get(name))
            if target is not None:
                target.copy_(tensor(value).reshape(target.shape))
    for value in inputs:
        if value.is_floating_point():
            value.requires_grad_(True)
    outputs = flattened(network(*inputs))
    result["shapes"] = [list(output.shape) for output in outputs]
    result["outputs"] = [numbers(output) for output in outputs]
    loss = 0
    for output, weights in zip(outputs, question["weights"]):
        if output.requires_grad and output.numel() == len(weights):
            loss = loss + (output.flatten() * torch.tensor(weights, dtype=torch.float32)).sum()
    result["gradients"] = {}
    if isinstance(loss, torch.Tensor):
        loss.backward()
        for name, parameter in parameters.items():
            if parameter.requires_grad:
                gradient = parameter.grad
                result["gradients"][name] = numbers(torch.zeros_like(parameter) if gradient is None else gradient)
        for index, value in enumerate(inputs):
            if value.is_floating_point():
                gradient = value.grad
                result["gradients"][f"input {index}"] = numbers(
                    torch.zeros_like(value) if gradient is None else gradient)
    result["after"] = {n: numbers(b) for n, b in network.named_buffers() if n in buffers}
    return result


def main():
    with open(sys.argv[1]) as file:
        questions = json.load(file)
    answers = []
    for question in questions:
        try:
            answers.append(answer(question))
        except Exception as error:
            answers.append({"error": f"{type(error).__name__}: {error}"})
    with open(sys.argv[2], "w") as file:
        version = [int(part) for part in torch.__version__.split("+")[0].split(".")[:2]]
        json.dump({"version": version, "answers": answers}, file)


main()
