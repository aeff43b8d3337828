"""Samples a second of whole PyTorch training steps (forward, backward, SGD) of the zoo, on one thread.

One JSON line a model and batch size: the better of the two memory layouts, each by the median of its windows. Pooling
comes before ReLU, which computes the same with fewer values and is faster.
"""

import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

WINDOWS = 5
WINDOW_SECONDS = 0.4
RATE = 0.01
BATCHES = (32, 64, 128)

MODELS = {
    "ray-convnet": lambda: nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.MaxPool2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(192, 10)
    ),
    "lenet": lambda: nn.Sequential(
        *(nn.Conv2d(1, 8, 5), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Conv2d(8, 16, 5), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(256, 10)),
    ),
    "cnn-32-64": lambda: nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(1600, 10)),
    ),
}


def samples_per_second(model, batch, layout):
    model = model.to(memory_format=layout)
    parameters = list(model.parameters())
    images = torch.randn(batch, 1, 28, 28).to(memory_format=layout)
    labels = torch.randint(0, 10, (batch,))

    def step():
        gradients = torch.autograd.grad(F.cross_entropy(model(images), labels), parameters)
        with torch.no_grad():
            torch._foreach_add_(parameters, gradients, alpha=-RATE)

    for _ in range(5):
        step()
    rates = []
    for _ in range(WINDOWS):
        begun, steps = time.perf_counter(), 0
        while time.perf_counter() - begun < WINDOW_SECONDS:
            step()
            steps += 1
        rates.append(steps * batch / (time.perf_counter() - begun))
    return statistics.median(rates)


torch.set_num_threads(1)
torch.manual_seed(1)
for name, create in MODELS.items():
    for batch in BATCHES:
        layouts = (torch.contiguous_format, torch.channels_last)
        best = max(samples_per_second(create(), batch, layout) for layout in layouts)
        print(json.dumps({"model": name, "batch": batch, "samplesPerSecond": best}), flush=True)
