"""Runs networks written by the space in PyTorch, beside the benchmark's form of them, and says what comes out.

Reads lines `PATH<TAB>ARCH<TAB>CLASSES<TAB>SIZE`; argument 1 is a file with `TinyNetwork(C, N, arch, num_classes)`, argument 2 a
folder. For each line prints a JSON object and writes `N.safetensors` (weights), `N.input` and `N.output` (float32).
"""
import json
import struct
import sys

import torch

try:
    from fvcore.nn import FlopCountAnalysis
except ImportError:
    FlopCountAnalysis = None

torch.set_num_threads(1)
reference = {}
exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"), reference)


def write_safetensors(path, state):
    header, body = {}, b""
    for name, tensor in state.items():
        data = tensor.detach().float().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


for number, line in enumerate(sys.stdin):
    path, arch, classes, size = line.rstrip("\n").split("\t")
    torch.manual_seed(number)
    module = {}
    exec(compile(open(path).read(), path, "exec"), module)
    network = module["Network"]()
    # Statistics and weights that are not those of a new network, so that all of them matter.
    for name, tensor in network.state_dict().items():
        if name.endswith("running_mean"):
            tensor.normal_(0, 0.1)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif tensor.dim() == 1 and tensor.is_floating_point():
            tensor.add_(torch.randn_like(tensor) * 0.1)
    benchmark = reference["TinyNetwork"](16, 5, arch, int(classes))
    benchmark.load_state_dict(network.state_dict(), strict=True)
    x = torch.randn(2, 3, int(size), int(size))
    result = {
        "parameters": sum(p.numel() for p in network.parameters()),
        "names": list(network.state_dict()) == list(benchmark.state_dict()),
    }
    with torch.no_grad():
        network.eval(), benchmark.eval()
        output = network(x)
        result["evaluationDifference"] = float((output - benchmark(x)).abs().max())
        state = {k: v.clone() for k, v in network.state_dict().items() if not k.endswith("num_batches_tracked")}
        write_safetensors(f"{sys.argv[2]}/{number}.safetensors", state)
        for name, tensor in [("input", x), ("output", output)]:
            with open(f"{sys.argv[2]}/{number}.{name}", "wb") as file:
                file.write(tensor.contiguous().numpy().tobytes())
        network.train(), benchmark.train()
        result["trainingDifference"] = float((network(x) - benchmark(x)).abs().max())
        network.eval()
        if FlopCountAnalysis is not None:
            counts = FlopCountAnalysis(network, x[:1])
            counts.unsupported_ops_warnings(False)
            counts.uncalled_modules_warnings(False)
            operators = counts.by_operator()
            result["macs"] = operators.get("conv", 0) + operators.get("linear", 0)
    print(json.dumps(result), flush=True)
