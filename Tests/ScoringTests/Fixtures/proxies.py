"""Computes proxies with PyTorch in double precision, from their definitions, and prints them as JSON.

Arguments: the network's source, and a safetensors file with its weights under their names, `images.0`, `labels.0`,
`images.1`, `labels.1`, and the noise of zen, meco and AZ-NAS.
"""
import json
import math
import struct
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
# Where feature maps are: a module, its input, or its n-th call.
FEATURES = {"cell": "lastact", "residual": "layers.2", "smooth": "act3", "depthwise": "act#1", "deep": "features.146"}
BLOCKS = {
    "cell": ["stem", "cells.0", "cells.1", "cells.2", "cells.3", "lastact"],
    "residual": ["pool", "layers.0", "layers.1", "layers.2"],
    "smooth": ["pool", "conv3:input", "act3"],
    "depthwise": ["expand", "depthwise", "act#0", "act#1"],
    "deep": [f"features.{3 * i + 2}" for i in range(49)],
}


def read(path):
    data = open(path, "rb").read()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + n].decode())
    types = {"F32": torch.float32, "I64": torch.int64}
    result = {}
    for key, entry in header.items():
        if key != "__metadata__":
            a, b = (8 + n + offset for offset in entry["data_offsets"])
            tensor = torch.frombuffer(bytearray(data[a:b]), dtype=types[entry["dtype"]]).reshape(entry["shape"])
            result[key] = tensor.double() if tensor.is_floating_point() else tensor
    return result


# Every call of these is recorded, as a module or as a function; calls within calls are not.
CALLS = []
WITHIN = []


def watch(names):
    for name in names:
        for holder in (F, torch):
            original = getattr(holder, name, None)
            if original is None:
                continue

            def call(*args, original=original, name=name, **kwargs):
                if WITHIN:
                    return original(*args, **kwargs)
                given = args[0].detach().clone()
                WITHIN.append(name)
                result = original(*args, **kwargs)
                WITHIN.pop()
                CALLS.append((name, given, result.detach().clone()))
                return result

            setattr(holder, name, call)


# ReLU6 calls hardtanh.
watch(["relu", "hardtanh", "leaky_relu", "conv2d", "batch_norm", "silu", "gelu", "tanh", "sigmoid", "max_pool2d", "avg_pool2d",
       "adaptive_avg_pool2d"])
path, arrays = sys.argv[1:3]
name = path.split("/")[-1].removesuffix(".py") if hasattr(str, "removesuffix") else path.split("/")[-1][:-3]
scope = {}
exec(compile(open(path).read(), path, "exec"), scope)
data = read(arrays)
images, labels = data["images.0"], data["labels.0"]


def build():
    model = scope["Network"]().double()
    state = {key: data[key] for key in model.state_dict() if key in data}
    missing = model.load_state_dict(state, strict=False)
    assert all(key.endswith("num_batches_tracked") for key in missing.missing_keys), missing
    return model.train()


def layers(model):
    return [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]


def gradients(number=0):
    model = build()
    F.cross_entropy(model(data[f"images.{number}"]), data[f"labels.{number}"]).backward()
    return [(m.weight.detach(), m.weight.grad) for m in layers(model)]


def grasp():
    model = build()
    weights = [m.weight for m in layers(model)]
    first = torch.autograd.grad(F.cross_entropy(model(images), labels), weights, create_graph=True)
    product = sum((g.detach() * g).sum() for g in first)
    second = torch.autograd.grad(product, weights, allow_unused=True)
    return -sum((w * h).sum() for w, h in zip(weights, second) if h is not None)


def fisher():
    model, kept = build(), []
    for layer in layers(model):
        layer.register_forward_hook(lambda m, i, o: (o.retain_grad(), kept.append((m, o)))[0])
    F.cross_entropy(model(images), labels).backward()
    total = 0.0
    for layer, out in kept:
        product = (out.detach() * out.grad).flatten(2).sum(2) if out.dim() > 2 else out.detach() * out.grad
        total += (product.pow(2).mean(0) / 2).abs().sum() * layer.weight[0].numel()
    return total


def jacobian():
    x = images.clone().requires_grad_(True)
    build()(x).sum().backward()
    return x.grad.flatten(1).numpy()


def jacov():
    v = np.linalg.eigvalsh(np.corrcoef(jacobian()))
    return -np.sum(np.log(v + 1e-5) + 1 / (v + 1e-5))


def epe_nas():
    j, total = jacobian(), 0.0
    for label in sorted(set(labels.tolist())):
        total += abs(np.sum(np.log(np.abs(np.corrcoef(j[labels.numpy() == label])) + 1e-5)))
    return total


def rectified():
    CALLS.clear()
    with torch.no_grad():
        build()(images)
    return [(given > 0).flatten(1).double() for name, given, _ in CALLS
            if "relu" in name or name == "hardtanh"]


def nwot():
    kernel = 0
    for x in rectified():
        kernel = kernel + x @ x.t() + (1 - x) @ (1 - x).t()
    return float(np.linalg.slogdet(kernel.numpy())[1]) if not isinstance(kernel, int) else None


def swap():
    codes = rectified()
    return torch.unique(torch.cat(codes, 1).t(), dim=0).shape[0] if codes else None


def synflow():
    model = build()
    for module in list(model.modules()):
        for child, value in module.named_children():
            if isinstance(value, nn.BatchNorm2d):
                setattr(module, child, nn.Identity())
    with torch.no_grad():
        for value in model.state_dict().values():
            value.abs_()
    model.eval()
    model(torch.ones(1, *images.shape[1:]).double()).sum().backward()
    return sum((m.weight * m.weight.grad).abs().sum() for m in layers(model)).log()


def neutral(weights):
    """A network with given weights of its layers, biases 0 and plain normalisations."""
    model = build()
    names = {m: n for n, m in model.named_modules()}
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                module.weight.copy_(weights(names[module] + ".weight", module.weight).reshape(module.weight.shape))
                if module.bias is not None:
                    module.bias.zero_()
            elif isinstance(module, nn.BatchNorm2d):
                module.reset_parameters()
    return model


def capture(model, places):
    """Hooks that keep the feature maps of those places."""
    found, calls, modules = {}, {}, dict(model.named_modules())
    model.register_forward_pre_hook(lambda m, given: calls.clear())

    def keep(place):
        module, _, rest = place.replace(":", "#").partition("#")

        def hook(m, given, result):
            number = calls.get(place, 0)
            calls[place] = number + 1
            if rest == "input":
                found[place] = given[0]
            elif not rest or int(rest) == number:
                found[place] = result
        modules[module].register_forward_hook(hook)

    for place in places:
        keep(place)
    return found


def zen():
    if name not in FEATURES:
        return None
    model = neutral(lambda layer, weight: data["zen." + layer])
    found = capture(model, [FEATURES[name]])
    results = []
    with torch.no_grad():
        for x in (data["zen.input"], data["zen.input"] + 0.01 * data["zen.change"]):
            model(x.reshape(images.shape))
            results.append(found[FEATURES[name]].clone())
    score = (results[0] - results[1]).abs().sum([1, 2, 3]).mean().log()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            score = score + module.running_var.mean().sqrt().log()
    return score


def zico():
    first, second = gradients(0), gradients(1)
    score = 0.0
    for (_, a), (_, b) in zip(first, second):
        both = torch.stack([a.flatten(), b.flatten()])
        deviation, mean = both.std(0, unbiased=False), both.abs().mean(0)
        ratio = (mean[deviation > 0] / deviation[deviation > 0]).sum()
        score += math.log(ratio) if ratio > 0 else 0
    return score


def meco():
    CALLS.clear()
    with torch.no_grad():
        build()(data["meco"].reshape(1, *images.shape[1:]))
    total = 0.0
    for _, _, result in CALLS:
        if result.dim() == 4:
            with np.errstate(all="ignore"):
                correlations = np.atleast_2d(np.corrcoef(result[0].flatten(1).numpy()))
            correlations[~np.isfinite(correlations)] = 0
            total += np.linalg.eigvalsh(correlations)[0]
    return total if any(result.dim() == 4 for _, _, result in CALLS) else None


def az():
    if name not in BLOCKS:
        return [None] * 3
    model = neutral(lambda layer, weight: data["az." + layer] * math.sqrt(2 / weight[0].numel()))
    found = capture(model, BLOCKS[name])
    model(data["az.input"].reshape(images.shape))
    features = [found[place] for place in BLOCKS[name]]
    entropies, stretches = [], []
    for feature in features:
        rows = feature.detach().permute(0, 2, 3, 1).reshape(-1, feature.shape[1])
        rows = rows - rows.mean(0)
        s = torch.linalg.eigvalsh(rows.t() @ rows / len(rows))
        share = (s / s.sum()).clamp(min=0)
        entropies.append(float(-(share * torch.log(share + 1e-8)).sum()))
    for index in range(1, len(features)):
        signs = data[f"az.signs.{index}"].reshape(features[index].shape)
        gradient = torch.autograd.grad(features[index], features[index - 1], signs, retain_graph=True)[0]
        if gradient.shape[2] != signs.shape[2]:
            gradient = F.pixel_unshuffle(gradient, gradient.shape[2] // signs.shape[2])
        a = gradient.permute(0, 2, 3, 1).reshape(-1, gradient.shape[1])
        b = signs.permute(0, 2, 3, 1).reshape(-1, signs.shape[1])
        s = float(torch.linalg.svdvals(a.t() @ b / len(a))[0])
        stretches.append(2 - s - 1 / (s + 1e-6))
    return [sum(entropies), min(b - a for a, b in zip(entropies, entropies[1:])), sum(stretches) / len(stretches)]


pairs = gradients()
model = build()
result = {
    "params": sum(p.numel() for p in model.parameters()),
    "l2_norm": sum(m.weight.norm() for m in layers(model)),
    "grad_norm": sum(g.norm() for _, g in pairs),
    "plain": sum((w * g).sum() for w, g in pairs),
    "snip": sum((w * g).abs().sum() for w, g in pairs),
    "grasp": grasp(), "fisher": fisher(), "synflow": synflow(), "jacov": jacov(), "epe_nas": epe_nas(), "nwot": nwot(),
    "swap": swap(), "zen": zen(), "zico": zico(), "meco": meco(),
}
result["az_expressivity"], result["az_progressivity"], result["az_trainability"] = az()
numbers = {key: None if value is None else float(value) for key, value in result.items()}
print(json.dumps({key: value if value is None or math.isfinite(value) else str(value) for key, value in numbers.items()}))
