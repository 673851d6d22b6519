"""Computes operations and a short training in PyTorch, float32, for comparison.

Usage: torch_parity.py QUESTIONS.json ANSWERS.json

The questions are {"preamble": Python source, "cases": [...], "trainings": [...]}. A case is an expression over
operands x0, x1, ..., weights for the sum of its first result, and which operands want gradients of that sum. The
answers have the same order: {"cases": [{"outputs", "gradients"} or {"error"}], "trainings": [...]}.
"""

import json
import sys

import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def tensor(question):
    kind = torch.int64 if question["isInteger"] else torch.float32
    return torch.tensor(question["values"], dtype=torch.float32).to(kind).reshape(question["shape"])


def numbers(value):
    return value.detach().to(torch.float64).flatten().tolist()


def answer_case(case, names):
    operands = [tensor(operand) for operand in case["operands"]]
    for index in case["targets"]:
        operands[index].requires_grad_(True)
    results = eval(case["expression"], names | {f"x{i}": x for i, x in enumerate(operands)})
    results = results if isinstance(results, (tuple, list)) else (results,)
    answer = {"outputs": [numbers(result) for result in results], "gradients": []}
    if case["targets"]:
        weights = torch.tensor(case["weights"], dtype=torch.float32)
        targets = [operands[index] for index in case["targets"]]
        gradients = torch.autograd.grad((results[0].flatten() * weights).sum(), targets, allow_unused=True)
        answer["gradients"] = [
            numbers(torch.zeros_like(target) if gradient is None else gradient)
            for target, gradient in zip(targets, gradients)
        ]
    return answer


def answer_training(training):
    """Trains convolution, batch norm, ReLU, pooling and a linear layer on one batch, and keeps the loss of each step."""
    variables = {name: tensor(value) for name, value in training["variables"].items()}
    parameters = {name: value for name, value in variables.items() if "running" not in name}
    for value in parameters.values():
        value.requires_grad_(True)
    images, labels = tensor(training["images"]), tensor(training["labels"])
    constructor = getattr(torch.optim, training["optimizer"])
    optimizer = constructor(list(parameters.values()), **training["settings"])
    losses = []
    for _ in range(training["steps"]):
        optimizer.zero_grad()
        x = F.conv2d(images, variables["conv.weight"], padding=1)
        x = F.batch_norm(
            x, variables["bn.running_mean"], variables["bn.running_var"], variables["bn.weight"],
            variables["bn.bias"], training=True)
        x = F.max_pool2d(F.relu(x), 2).flatten(1)
        x = F.linear(x, variables["fc.weight"], variables["fc.bias"])
        loss = F.cross_entropy(x, labels, label_smoothing=training["labelSmoothing"])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"losses": losses, "variables": {name: numbers(value) for name, value in variables.items()}}


def main():
    with open(sys.argv[1]) as file:
        questions = json.load(file)
    names = {}
    exec(questions["preamble"], names)
    answers = {"cases": [], "trainings": [answer_training(training) for training in questions["trainings"]]}
    for case in questions["cases"]:
        try:
            answers["cases"].append(answer_case(case, names))
        except Exception as error:
            answers["cases"].append({"error": f"{type(error).__name__}: {error}"})
    with open(sys.argv[2], "w") as file:
        json.dump(answers, file)


main()
