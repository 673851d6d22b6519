"""Trains a network in PyTorch as resnet20.yaml says, and prints each epoch's figures as JSON: the peer of `niche train`."""
import argparse
import importlib.util
import json
import math
import pathlib
import tarfile

import numpy
import torch
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("file")
parser.add_argument("data", help="cifar-10-binary.tar.gz, or the folder in it")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--limit", type=int, default=45000)
parser.add_argument("--threads", type=int, default=1)
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
torch.manual_seed(arguments.seed)
random = numpy.random.default_rng(arguments.seed)


def batches():
    path = pathlib.Path(arguments.data)
    if path.is_dir():
        return b"".join((path / f"data_batch_{i}.bin").read_bytes() for i in range(1, 6))
    with tarfile.open(path) as archive:
        members = sorted(m.name for m in archive.getmembers() if "data_batch_" in m.name and m.name.endswith(".bin"))
        return b"".join(archive.extractfile(name).read() for name in members)


rows = numpy.frombuffer(batches(), numpy.uint8).reshape(-1, 3073)
order = random.permutation(len(rows))
held = len(rows) // 10
validation, training = rows[order[:held]], rows[order[held:]][: arguments.limit]


def tensors(rows):
    return torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32).astype("float32") / 255), torch.from_numpy(
        rows[:, 0].astype("int64"))


images, labels = tensors(training)
mean, deviation = images.mean((0, 2, 3), keepdim=True), images.std((0, 2, 3), keepdim=True)
images = (images - mean) / deviation
held_images, held_labels = tensors(validation)
held_images = ((held_images - mean) / deviation).to(memory_format=torch.channels_last)


def augmented(batch):
    """A random crop of each image out of itself with four black pixels around, mirrored or not."""
    # Black before normalisation, as torchvision's RandomCrop before Normalize has it.
    padded = F.pad(batch + mean / deviation, (4, 4, 4, 4)) - mean / deviation
    result = torch.empty_like(batch)
    tops, lefts, mirrored = random.integers(0, 9, len(batch)), random.integers(0, 9, len(batch)), random.random(len(batch))
    for i, (top, left) in enumerate(zip(tops, lefts)):
        crop = padded[i, :, top : top + 32, left : left + 32]
        result[i] = crop.flip(2) if mirrored[i] < 0.5 else crop
    return result.to(memory_format=torch.channels_last)


spec = importlib.util.spec_from_file_location("network", arguments.file)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
network = module.Net().to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
epochs = []
for epoch in range(arguments.epochs):
    network.train()
    order, total, steps = torch.from_numpy(random.permutation(len(images))), 0.0, len(images) // 128
    for step in range(steps):
        batch = order[step * 128 : step * 128 + 128]
        for group in optimizer.param_groups:
            group["lr"] = 0.05 * (1 + math.cos(math.pi * (epoch + step / steps) / arguments.epochs))
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(network(augmented(images[batch])), labels[batch])
        loss.backward()
        optimizer.step()
        total += loss.item()
    network.eval()
    with torch.inference_mode():
        right = sum(
            (network(x).argmax(1) == y).sum().item() for x, y in zip(held_images.split(500), held_labels.split(500)))
    epochs.append({"training_loss": total / steps, "validation": {"accuracy": right / len(held_labels)}})
print(json.dumps({"epochs": epochs, "torch": torch.__version__}))
