"""The method of the Ray parameter-server project in plain PyTorch, without Ray: what `npm run bench:fidelity` is held against.

usage: npx tsx bench/initialParameters.ts ray-convnet 20 | python3 bench/reference/ray_method.py FOLDER

FOLDER has the four MNIST files. Two workers of their own shuffled order each, batch 128, SGD 0.01, 200 iterations:
`sync` adds the gradients of both, `async` applies one gradient an iteration, computed one iteration earlier. Each run
starts from the weights that the project's generator gives for its seed; `own` starts from PyTorch's. One JSON line a mode.
"""
import json
import os
import statistics
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

BATCH, RATE, ITERATIONS = 128, 0.01, 200
FOLDER = sys.argv[1]


def images(name, count):
    raw = np.fromfile(os.path.join(FOLDER, name), dtype=np.uint8)[16:].reshape(count, 1, 28, 28)
    return (torch.from_numpy(raw).float() / 255 - 0.1307) / 0.3081


def labels(name):
    return torch.from_numpy(np.fromfile(os.path.join(FOLDER, name), dtype=np.uint8)[8:].astype(np.int64))


TRAIN = images("train-images-idx3-ubyte", 60000), labels("train-labels-idx1-ubyte")
TEST = images("t10k-images-idx3-ubyte", 10000), labels("t10k-labels-idx1-ubyte")


def network(seed, flat):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.MaxPool2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(192, 10))
    if flat is not None:
        conv, dense = net[0], net[4]
        with torch.no_grad():
            conv.weight.copy_(flat[:27].reshape(3, 3, 1, 3).permute(3, 2, 0, 1))
            conv.bias.copy_(flat[27:30])
            dense.weight.copy_(flat[30:1950].reshape(8, 8, 3, 10).permute(3, 2, 0, 1).reshape(10, 192))
            dense.bias.copy_(flat[1950:])
    return net


def accuracy_of(mode, seed, flat):
    net = network(seed, flat)
    weights = list(net.parameters())
    optimizer = torch.optim.SGD(weights, RATE)
    orders = [torch.randperm(60000, generator=torch.Generator().manual_seed(1000 * seed + worker)) for worker in (0, 1)]
    done = [0, 0]

    def gradient(worker):
        pick = orders[worker][done[worker] : done[worker] + BATCH]
        done[worker] += BATCH
        return torch.autograd.grad(F.cross_entropy(net(TRAIN[0][pick]), TRAIN[1][pick]), weights)

    def apply(*gradients):
        for weight, *parts in zip(weights, *gradients):
            weight.grad = sum(parts)
        optimizer.step()

    if mode == "sync":
        for _ in range(ITERATIONS):
            apply(gradient(0), gradient(1))
    else:
        waiting = [gradient(0), gradient(1)]
        for iteration in range(ITERATIONS):
            apply(waiting.pop(0))
            waiting.append(gradient(iteration % 2))
    with torch.no_grad():
        return 100 * (net(TEST[0]).argmax(1) == TEST[1]).float().mean().item()


torch.set_num_threads(1)
starts = [json.loads(line) for line in sys.stdin]
for mode in ("sync", "async"):
    for weights in ("same", "own"):
        runs = [
            accuracy_of(mode, start["seed"], torch.tensor(start["parameters"]) if weights == "same" else None)
            for start in starts
        ]
        figures = dict(mean=statistics.mean(runs), deviation=statistics.stdev(runs), lowest=min(runs), highest=max(runs))
        first = dict(firstFive=statistics.mean(runs[:5]))
        rounded = {name: round(value, 2) for name, value in (figures | first).items()}
        print(json.dumps(dict(mode=mode, weights=weights, seeds=len(runs)) | rounded), flush=True)
