"""Prints what fvcore's FlopCountAnalysis totals for networks, as JSON.

Reads lines `path<TAB>name<TAB>2,3,32,32` and prints one object for each: `total`, `products` (the part of dense
products), or `error`. Prints nothing where fvcore is not installed.
"""
import json
import logging
import sys
import types
import warnings
from collections import Counter

import torch

try:
    from fvcore.nn import FlopCountAnalysis
except ImportError:
    sys.exit(0)

logging.disable(logging.CRITICAL)
warnings.filterwarnings("ignore")


def stub(name):
    """A module in which everything exists and does nothing, in place of torchvision."""
    class Stub(types.ModuleType):
        def __getattr__(self, attribute):
            if attribute.startswith("__"):
                raise AttributeError(attribute)
            return lambda *args, **kwargs: []
    return Stub(name)


for name in ["torchvision", "torchvision.datasets", "torchvision.transforms"]:
    sys.modules[name] = stub(name)
sys.modules["torchvision"].datasets = sys.modules["torchvision.datasets"]
sys.modules["torchvision"].transforms = sys.modules["torchvision.transforms"]
torch.utils.data.DataLoader = lambda *args, **kwargs: []


def size(shape):
    return torch.Size(shape).numel()


def named_padding(inputs, outputs):
    """fvcore knows padding in numbers only and counts nothing for padding="same"."""
    weight = inputs[1].type().sizes()
    return Counter({"conv": size(outputs[0].type().sizes()) * size(weight[1:])})


def upsampling(inputs, outputs):
    """fvcore counts upsampling to the size there is, which changes nothing."""
    before, after = inputs[0].type().sizes(), outputs[0].type().sizes()
    return 0 if before == after else size(after)


PRODUCTS = {"conv", "linear", "matmul", "bmm", "addmm", "mm", "einsum"}

for line in sys.stdin:
    path, name, shape = line.rstrip("\n").split("\t")
    result = {}
    try:
        module = types.ModuleType("network")
        sys.modules["network"] = module
        module.__dict__["print"] = lambda *args, **kwargs: None
        exec(compile(open(path).read(), path, "exec"), module.__dict__)
        network = module.__dict__[name]
        if not isinstance(network, torch.nn.Module):
            network = network()
        network.eval()
        counts = FlopCountAnalysis(network, torch.randn(*[int(e) for e in shape.split(",")]))
        counts.set_op_handle("aten::_convolution_mode", named_padding)
        counts.set_op_handle("aten::upsample_nearest2d", upsampling)
        result["total"] = int(counts.total())
        result["products"] = int(sum(n for k, n in counts.by_operator().items() if k in PRODUCTS))
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"
    print(json.dumps(result), flush=True)
