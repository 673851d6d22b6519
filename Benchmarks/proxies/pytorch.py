"""Times one proxy of one network in PyTorch: `pytorch.py FILE PROXY BATCH`.

For each line of the standard input it computes the proxy once and prints the milliseconds of processor time. The network
is built, and the proxy was computed once, before the first. The ways are those of the programs that published the
proxies: hooks, autograd, NumPy behind it.
"""
import copy
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
path, proxy, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
scope = {}
exec(compile(open(path).read(), path, "exec"), scope)
torch.manual_seed(0)
network = scope["Net"]()
images, labels = torch.randn(2, batch, 3, 32, 32), torch.arange(batch) % 10


def layers(model):
    return [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]


def gradients(model, x):
    model.zero_grad()
    F.cross_entropy(model(x), labels).backward()
    return [m.weight.grad for m in layers(model)]


def grad_norm(model):
    return sum(g.norm() for g in gradients(model, images[0]))


def plain(model):
    return sum((m.weight.detach() * g).sum() for m, g in zip(layers(model), gradients(model, images[0])))


def snip(model):
    return sum((m.weight.detach() * g).abs().sum() for m, g in zip(layers(model), gradients(model, images[0])))


def grasp(model):
    weights = [m.weight for m in layers(model)]
    first = torch.autograd.grad(F.cross_entropy(model(images[0]), labels), weights)
    second = torch.autograd.grad(F.cross_entropy(model(images[0]), labels), weights, create_graph=True)
    product = sum((a * b).sum() for a, b in zip(first, second))
    return -sum((w.detach() * h).sum() for w, h in zip(weights, torch.autograd.grad(product, weights)))


def fisher(model):
    kept = []
    hooks = [m.register_forward_hook(lambda m, i, o: (o.retain_grad(), kept.append((m, o)))[0]) for m in layers(model)]
    gradients(model, images[0])
    total = 0
    for layer, out in kept:
        product = out.detach() * out.grad
        product = product.flatten(2).sum(2) if product.dim() > 2 else product
        total += (product.pow(2).mean(0) / 2).sum() * layer.weight[0].numel()
    for hook in hooks:
        hook.remove()
    return total


def jacobian(model):
    x = images[0].clone().requires_grad_(True)
    y = model(x)
    y.backward(torch.ones_like(y))
    return x.grad.flatten(1).numpy()


def jacov(model):
    v = np.linalg.eigvalsh(np.corrcoef(jacobian(model)))
    return -np.sum(np.log(v + 1e-5) + 1 / (v + 1e-5))


def epe_nas(model):
    j = jacobian(model)
    return sum(abs(np.sum(np.log(np.abs(np.corrcoef(j[labels.numpy() == c])) + 1e-5))) for c in range(10))


def hooked(model, body, kinds, x):
    hooks = [m.register_forward_hook(body) for m in model.modules() if kinds is None or isinstance(m, kinds)]
    with torch.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()


def nwot(model):
    kernel = np.zeros((batch, batch))

    def hook(m, given, out):
        x = (given[0].flatten(1) > 0).float()
        kernel[:] += (x @ x.t()).numpy() + ((1 - x) @ (1 - x).t()).numpy()

    hooked(model, hook, nn.ReLU, images[0])
    return np.linalg.slogdet(kernel)[1]


def swap(model):
    codes = []
    hooked(model, lambda m, given, out: codes.append(torch.sign(out).flatten(1)), nn.ReLU, images[0])
    return torch.unique(torch.cat(codes, 1).t(), dim=0).size(0)


def synflow(model):
    model = copy.deepcopy(model)
    for module in list(model.modules()):
        for child, value in module.named_children():
            if isinstance(value, nn.BatchNorm2d):
                setattr(module, child, nn.Identity())
    with torch.no_grad():
        for value in model.state_dict().values():
            value.abs_()
    model.double()
    model(torch.ones(1, 3, 32, 32).double()).sum().backward()
    return sum((m.weight * m.weight.grad).abs().sum() for m in layers(model))


def zen(model):
    model = copy.deepcopy(model)
    with torch.no_grad():
        for m in layers(model):
            nn.init.normal_(m.weight)
    kept = []
    hook = model.lastact.register_forward_hook(lambda m, i, o: kept.append(o))
    x, change = torch.randn(batch, 3, 32, 32), torch.randn(batch, 3, 32, 32)
    with torch.no_grad():
        model(x), model(x + 0.01 * change)
    hook.remove()
    score = (kept[0] - kept[1]).abs().sum([1, 2, 3]).mean().log()
    return score + sum(m.running_var.mean().sqrt().log() for m in model.modules() if isinstance(m, nn.BatchNorm2d))


def zico(model):
    kept = [[g.reshape(-1).numpy().copy() for g in gradients(model, x)] for x in images]
    score = 0
    for both in zip(*kept):
        both = np.array(both)
        deviation = both.std(0)
        place = np.nonzero(deviation)[0]
        score += np.log(np.sum(np.abs(both).mean(0)[place] / deviation[place]))
    return score


def meco(model):
    total = []

    def hook(m, given, out):
        if out.dim() == 4:
            correlations = torch.corrcoef(out[0].flatten(1))
            correlations[~torch.isfinite(correlations)] = 0
            total.append(torch.linalg.eigvalsh(correlations).min())

    hooked(model, hook, (nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.AvgPool2d, nn.AdaptiveAvgPool2d), torch.randn(1, 3, 32, 32))
    return sum(total)


body = globals()[proxy]
body(network)
for _ in sys.stdin:
    start = time.process_time()
    body(network)
    print((time.process_time() - start) * 1000, flush=True)
