"""Times a network in PyTorch, on one thread, and prints what it found as JSON: the peer of engine-benchmark."""
import argparse
import importlib.util
import json
import resource
import statistics
import time

import torch
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("file")
parser.add_argument("--input", default="3x32x32")
parser.add_argument("--batch", type=int, default=128)
parser.add_argument("--mode", choices=["train", "infer"], default="train")
parser.add_argument("--seconds", type=float, default=5)
parser.add_argument("--layout", choices=["channels_last", "default"], default="channels_last")
arguments = parser.parse_args()

torch.set_num_threads(1)
torch.manual_seed(1)
spec = importlib.util.spec_from_file_location("network", arguments.file)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
network = module.Net()
images = torch.randn(arguments.batch, *map(int, arguments.input.split("x")))
labels = torch.randint(0, 10, (arguments.batch,))
if arguments.layout == "channels_last":
    network = network.to(memory_format=torch.channels_last)
    images = images.to(memory_format=torch.channels_last)

if arguments.mode == "train":
    network.train()
    try:
        optimizer = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4, fused=True)
    except TypeError:
        optimizer = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4)

    def step():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(network(images), labels).backward()
        optimizer.step()
else:
    network.eval()

    @torch.inference_mode()
    def step():
        network(images)

for _ in range(2):
    step()
times, processor, start = [], [], time.perf_counter()
while time.perf_counter() - start < arguments.seconds or len(times) < 3:
    begin, used = time.perf_counter(), time.process_time()
    step()
    times.append(time.perf_counter() - begin)
    processor.append(time.process_time() - used)
median = statistics.median(times)
print(json.dumps({
    "images_per_second": arguments.batch / median, "median_ms": median * 1000, "min_ms": min(times) * 1000,
    "median_processor_ms": statistics.median(processor) * 1000, "repetitions": len(times), "layout": arguments.layout, "torch": torch.__version__,
    "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
