"""What PyTorch says of a case: names, shapes, outputs, gradients, cost. Run by coverage.py, one process a case."""
import importlib
import json
import logging
import os
import resource
import signal
import sys
import time
import types
import warnings

import numpy as np
import torch

import values

warnings.filterwarnings("ignore")
DENSE = {"conv", "linear", "addmm", "matmul", "bmm", "baddbmm", "einsum", "mv", "dot"}


def build(case):
    """The module of the case."""
    if case.get("module"):
        space = vars(importlib.import_module(case["module"]))
    else:
        path = case["file"]
        module = types.ModuleType("network")
        module.__file__ = path
        sys.modules["network"] = module
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        space = vars(module)
        with open(path) as file:
            exec(compile(file.read(), path, "exec"), space)
    torch.manual_seed(0)
    return eval(case["call"], space)


def tensors(value, path=""):
    """All floating-point tensors of a nested result, with their paths."""
    if isinstance(value, torch.Tensor):
        return [(path, value)] if value.is_floating_point() else []
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in tensors(item, f"{path}.{key}")]
    if isinstance(value, (list, tuple)):
        return [pair for key, item in enumerate(value) for pair in tensors(item, f"{path}.{key}")]
    return []


def set_weights(model, folder):
    """Replaces all floating-point weights, so that nothing is right by being 0 or 1; gives what makes them anew."""
    kept, made, trained = {}, [], {name for name, _ in model.named_parameters(remove_duplicate=False)}
    seen = {}
    with torch.no_grad():
        for name, value in model.state_dict().items():
            statistics = name.endswith(("running_mean", "running_var"))
            if not value.is_floating_point() or not (name in trained or statistics) or value.numel() == 0:
                kept[name] = value.detach().clone().contiguous().numpy()
                continue
            deviation = float(value.std(unbiased=False)) if value.numel() > 1 else 0.0
            entry = [name, list(value.shape), float(value.mean()), deviation or 0.1]
            pointer = (value.data_ptr(), value.shape)
            entry = seen.setdefault(pointer, entry)
            made.append([name, entry])
            value.copy_(torch.from_numpy(values.weight(entry)))
    np.savez(f"{folder}/kept.npz", **kept)
    return made


def run(model, arrays, is_training, seed=3):
    """The outputs; running statistics are left as they were."""
    model.train(is_training)
    buffers = {name: value.clone() for name, value in model.named_buffers()}
    torch.manual_seed(seed)
    outputs = tensors(model(*arrays))
    with torch.no_grad():
        for name, value in model.named_buffers():
            if name in buffers and not torch.equal(value, buffers[name]):
                value.copy_(buffers[name])
    return outputs


def shape_of_one(model, arrays):
    """The shape of the first output for a batch of one; None where that does not run."""
    try:
        return list(run(model, [array[:1] for array in arrays], False)[0][1].shape)
    except Exception:
        return None


def gradients(model, arrays, is_training):
    """The gradients of all parameters where the first output's is given; running statistics move."""
    model.train(is_training)
    torch.manual_seed(3)
    _, output = tensors(model(*arrays))[0]
    if not output.requires_grad:
        return None
    model.zero_grad(set_to_none=True)
    (output * torch.from_numpy(values.cotangent(tuple(output.shape))).to(output.dtype)).sum().backward()
    return values.summary({
        name: (p.grad if p.grad is not None else torch.zeros_like(p)).detach().contiguous().numpy()
        for name, p in model.named_parameters() if p.requires_grad})


def macs(model, arrays):
    """Multiply-accumulates of one example's dense products, by fvcore; string paddings, which it skips, added."""
    from fvcore.nn import FlopCountAnalysis
    from fvcore.nn.jit_handles import conv_flop_count, get_shape

    def convolution(inputs, outputs):
        x, w = get_shape(inputs[0]), get_shape(inputs[1])
        return {"conv": conv_flop_count(x, w, get_shape(outputs[0]))}

    logging.disable(logging.CRITICAL)
    model.eval()
    counts = FlopCountAnalysis(model, tuple(array[:1] for array in arrays))
    counts.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    counts.set_op_handle("aten::_convolution_mode", convolution, "aten::conv1d", convolution,
                         "aten::conv2d", convolution, "aten::conv3d", convolution)
    by_operator = counts.by_operator()
    return int(sum(n for name, n in by_operator.items() if name in DENSE)), int(counts.total())


def examine(case, folder, answer, keep):
    torch.set_num_threads(1)
    model = build(case)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("not a module: " + type(model).__name__)
    answer["status"] = "run"
    arrays = [torch.from_numpy(array) for array in values.inputs(case)]
    model.eval()
    with torch.no_grad():
        model(*arrays)  # makes lazy parameters
    answer["parameters"] = sum(p.numel() for p in model.parameters())
    answer["names"] = [[name, list(p.shape)] for name, p in model.named_parameters()]
    answer["weights"] = set_weights(model, folder)
    start = time.monotonic()
    with torch.no_grad():
        outputs = run(model, arrays, False)
        cost = time.monotonic() - start
        other = run(model, arrays, False, seed=9)
        answer["single"] = shape_of_one(model, arrays)
    if not outputs:
        raise TypeError("no floating-point output")
    answer["outputs"] = [[path, list(output.shape)] for path, output in outputs]
    answer["finite"] = all(bool(torch.isfinite(output).all()) for _, output in outputs)
    answer["deterministic"] = all(torch.equal(a, b) for (_, a), (_, b) in zip(outputs, other))
    np.savez(f"{folder}/eval.npz", *[output.detach().numpy() for _, output in outputs])
    answer["status"] = "ok"
    keep()
    if cost > 4:
        answer["train"], answer["gradient_mode"] = False, "none"
        answer["skipped"] = "training and MACs: one forward pass takes longer than 4 s"
        return
    try:
        with torch.no_grad():
            first, second = run(model, arrays, True), run(model, arrays, True, seed=9)
        answer["train"] = all(torch.equal(a, b) for (_, a), (_, b) in zip(first, second))
        answer["train_outputs"] = [[path, list(output.shape)] for path, output in first]
        np.savez(f"{folder}/train.npz", *[output.detach().numpy() for _, output in first])
    except Exception as error:
        answer["train"] = False
        answer["train_error"] = f"{type(error).__name__}: {error}"[:300]
    answer["gradient_mode"] = "train" if answer["train"] else "eval"
    try:
        answer["macs"], answer["fvcore"] = macs(model, arrays)
    except Exception as error:
        answer["macs_error"] = f"{type(error).__name__}: {error}"[:300]
    keep()
    try:
        found = gradients(model, arrays, answer["train"])
        if found:
            np.savez(f"{folder}/gradients.npz", **found)
            answer["gradients"] = True
    except Exception as error:
        answer["gradient_error"] = f"{type(error).__name__}: {error}"[:300]


def examine_doubles(case, folder, answer):
    """The same in double precision, to tell rounding from error."""
    model = build(case)
    arrays = [torch.from_numpy(array) for array in values.inputs(case)]
    model.eval()
    with torch.no_grad():
        model(*arrays)
        set_weights(model, folder)
    model.double()
    arrays = [array.double() if array.is_floating_point() else array for array in arrays]
    with torch.no_grad():
        np.savez(f"{folder}/eval-double.npz", *[output.detach().numpy() for _, output in run(model, arrays, False)])
        if answer["train"]:
            np.savez(f"{folder}/train-double.npz", *[output.detach().numpy() for _, output in run(model, arrays, True)])
    found = gradients(model, arrays, answer["train"])
    if found:
        np.savez(f"{folder}/gradients-double.npz", **found)


def main(case, folder, mode):
    os.makedirs(folder, exist_ok=True)
    if case.get("prelude"):
        exec(case["prelude"])
    if mode == "double":
        with open(f"{folder}/reference.json") as file:
            examine_doubles(case, folder, json.load(file))
        return
    answer = {"status": "instantiate"}

    def keep():
        with open(f"{folder}/reference.json", "w") as file:
            json.dump(answer, file)
    try:
        examine(case, folder, answer, keep)
    except BaseException as error:
        answer["error"] = f"{type(error).__name__}: {error}"[:500]
    keep()


def attempt(case, folder, mode, seconds):
    """Examines a case in a process of its own, which may run out of time or memory."""
    child = os.fork()
    if child == 0:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            resource.setrlimit(resource.RLIMIT_AS, (10 << 30, 10 << 30))
            for stream in (1, 2):
                os.dup2(null, stream)
            main(case, folder, mode)
        finally:
            os._exit(0)
    end = time.monotonic() + seconds
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
        time.sleep(0.02)


if __name__ == "__main__":
    # One request a line, so that PyTorch is loaded once; an answer is an empty line.
    import fvcore.nn  # noqa: F401
    for line in sys.stdin:
        attempt(*json.loads(line))
        print(flush=True)
