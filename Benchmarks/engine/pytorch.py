"""Times a network in PyTorch or onnxruntime: the peer of `niche bench`.

After a line that says that it is ready, it measures for as many seconds as each line of its standard input says and
prints a line of JSON, so that two programs can be measured in turns. `--seconds` measures once instead, `--first-step`
stops after one step, `--export FILE` writes ONNX for `--engine onnxruntime`, which does without PyTorch.
"""
import argparse
import json
import statistics
import sys
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file", help="a Python file with a class Net, or an ONNX file")
parser.add_argument("--arguments", type=json.loads, default={}, help="of Net's constructor, as a JSON object")
parser.add_argument("--input", default="3x32x32")
parser.add_argument("--batch", type=int, default=128)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--mode", choices=["train", "infer"], default="train")
parser.add_argument("--engine", choices=["eager", "compile", "onnxruntime"], default="eager")
parser.add_argument("--layout", choices=["default", "channels-last"], default="channels-last")
parser.add_argument("--seconds", type=float)
parser.add_argument("--first-step", action="store_true")
parser.add_argument("--export", metavar="FILE")
arguments = parser.parse_args()
shape = [arguments.batch, *map(int, arguments.input.split("x"))]


def prepare_onnxruntime():
    """The version, a forward pass of an ONNX file, and nothing."""
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(arguments.file, options, providers=["CPUExecutionProvider"])
    feeds = {session.get_inputs()[0].name: numpy.random.default_rng(1).standard_normal(shape, dtype=numpy.float32)}
    return onnxruntime.__version__, lambda: session.run(None, feeds), lambda: None


def prepare_pytorch():
    """The version, a training step or a forward pass in evaluation mode, and what builds a network for it."""
    import importlib.util

    import torch
    import torch.nn.functional as F

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    spec = importlib.util.spec_from_file_location("network", arguments.file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def build():
        network = module.Net(**arguments.arguments).train(arguments.mode == "train")
        if arguments.layout == "channels-last":
            network = network.to(memory_format=torch.channels_last)
        if arguments.mode == "infer":
            return network, None
        return network, torch.optim.SGD(
            network.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4, nesterov=True, fused=True)

    network, optimizer = build()
    images = torch.randn(shape)
    labels = torch.randint(0, 10, (arguments.batch,))
    if arguments.export:
        # The exporter that needs no further package.
        torch.onnx.export(network.eval(), (images,), arguments.export, dynamo=False)
        sys.exit()
    if arguments.layout == "channels-last":
        images = images.to(memory_format=torch.channels_last)
    if arguments.engine == "compile":
        network = torch.compile(network)

    def train():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(network(images), labels).backward()
        optimizer.step()

    @torch.inference_mode()
    def infer():
        network(images)

    return torch.__version__, train if arguments.mode == "train" else infer, build


def peak_memory():
    """The most bytes that this process has held; `getrusage` counts what its parent held, too."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def measure(seconds):
    """Steps for so many seconds, two at least."""
    times, processor, start = [], [], time.perf_counter()
    while time.perf_counter() - start < seconds or len(times) < 2:
        begin, used = time.perf_counter(), time.process_time()
        step()
        times.append(time.perf_counter() - begin)
        processor.append(time.process_time() - used)
    return {
        "images_per_second": arguments.batch / statistics.median(times), "median_ms": statistics.median(times) * 1e3,
        "min_ms": min(times) * 1e3, "median_processor_ms": statistics.median(processor) * 1e3,
        "repetitions": len(times), "peak_memory_bytes": peak_memory()}


version, step, build = prepare_onnxruntime() if arguments.engine == "onnxruntime" else prepare_pytorch()
step()
if arguments.first_step:
    sys.exit()
step()
# Not the first one, which imports what PyTorch needs once.
begin = time.perf_counter()
build()
ready = {"version": version, "build_ms": (time.perf_counter() - begin) * 1e3}
if arguments.seconds is not None:
    print(json.dumps(ready | measure(arguments.seconds)))
    sys.exit()
print(json.dumps(ready), flush=True)
for line in sys.stdin:
    print(json.dumps(measure(float(line))), flush=True)
