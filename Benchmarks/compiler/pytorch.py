"""What PyTorch needs for a network source: to run it, build the network, and trace one forward pass on no data."""
import argparse
import json
import pathlib
import statistics
import sys
import time
import types

import torch
import torch.fx


def build(source, path):
    module = types.ModuleType("network")
    sys.modules["network"] = module
    exec(compile(source, str(path), "exec"), vars(module))
    if isinstance(vars(module).get("network"), torch.nn.Module):
        return module.network
    return module.Net()


def measure(path, shape, seconds):
    source = path.read_text()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        network = build(source, path)
        # Shapes and the count of parameters are the least that a search wants to know.
        with torch.no_grad():
            network.to("meta")(torch.empty(2, *shape, device="meta"))
        parameters = sum(p.numel() for p in network.parameters())
        times.append(1000 * (time.perf_counter() - start))
    return {"name": path.stem, "parameters": parameters, "median_ms": statistics.median(times),
            "min_ms": min(times), "repetitions": len(times)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("files", nargs="+", type=pathlib.Path)
    arguments.add_argument("--input", default="3x32x32")
    arguments.add_argument("--seconds", type=float, default=1)
    arguments = arguments.parse_args()
    torch.set_num_threads(1)
    shape = [int(extent) for extent in arguments.input.split("x")]
    for path in arguments.files:
        try:
            print(json.dumps(measure(path, shape, arguments.seconds)), flush=True)
        except ImportError as error:
            print(f"{path.stem}: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
