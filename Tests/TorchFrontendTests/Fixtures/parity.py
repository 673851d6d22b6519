"""Builds networks in PyTorch and prints what their state dicts and outputs look like, as JSON.

Reads lines `path<TAB>name<TAB>2,3,32,32` and prints one JSON object for each.
"""
import json
import sys
import types

import torch


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

for line in sys.stdin:
    path, name, shape = line.rstrip("\n").split("\t")
    result = {}
    try:
        torch.manual_seed(0)
        module = types.ModuleType("network")
        sys.modules["network"] = module
        module.__dict__["print"] = lambda *args, **kwargs: None
        exec(compile(open(path).read(), path, "exec"), module.__dict__)
        network = module.__dict__[name]
        if not isinstance(network, torch.nn.Module):
            network = network()
        network.eval()
        result["parameters"] = [[n, list(p.shape), p.requires_grad] for n, p in network.named_parameters()]
        result["buffers"] = [[n, list(b.shape)] for n, b in network.named_buffers() if not n.endswith("num_batches_tracked")]
        result["statistics"] = [
            [float(p.detach().double().mean()), float(p.detach().double().std(unbiased=False))]
            for p in network.parameters()]
        result["leaves"] = [n for n, m in network.named_modules() if n and not list(m.children())
                            and not isinstance(m, (torch.nn.Sequential, torch.nn.ModuleList))
                            and not isinstance(m, (torch.nn.ModuleDict, torch.nn.ParameterList))]
        with torch.no_grad():
            result["output"] = list(network(torch.randn(*[int(e) for e in shape.split(",")])).shape)
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"
    print(json.dumps(result), flush=True)
