"""`lenet` in PyTorch on one thread, as `ray_cluster.py` trains and evaluates it. Parameters are flat float32 arrays.

Pooling comes before ReLU, which computes the same with fewer values, and images lie channels last: both are faster.
"""
import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

TRAINING = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
# Images that are evaluated at once: few enough that what a layer computes stays in the processor's cache.
EVALUATED_AT_ONCE = 250


def load(folder, names):
    """Normalised images and classes of two IDX files."""
    images, labels = (np.fromfile(os.path.join(folder, name), dtype=np.uint8) for name in names)
    pixels = torch.from_numpy(images[16:].reshape(-1, 1, 28, 28)).float()
    return (pixels / 255 - 0.1307) / 0.3081, torch.from_numpy(labels[8:].astype(np.int64))


class LeNet:
    """The network, and its parameters as one flat array."""

    def __init__(self, seed=0):
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        layers = (
            *(nn.Conv2d(1, 8, 5), nn.MaxPool2d(2), nn.ReLU()),
            *(nn.Conv2d(8, 16, 5), nn.MaxPool2d(2), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(256, 10)),
        )
        self.net = nn.Sequential(*layers).to(memory_format=torch.channels_last)
        self.tensors = list(self.net.parameters())

    def parameters(self):
        return flat(self.tensors)

    def assign(self, parameters):
        """Takes the parameters of a flat array."""
        # Ray lends its arrays read-only, and PyTorch warns of those.
        values, first = torch.from_numpy(parameters.copy()), 0
        with torch.no_grad():
            for tensor in self.tensors:
                tensor.copy_(values[first : first + tensor.numel()].view(tensor.shape))
                first += tensor.numel()

    def gradients(self, images, labels):
        return torch.autograd.grad(F.cross_entropy(self.net(images), labels), self.tensors)

    def accuracy(self, images, labels):
        with torch.inference_mode():
            pairs = zip(images.split(EVALUATED_AT_ONCE), labels.split(EVALUATED_AT_ONCE))
            return sum((self.net(some).argmax(1) == classes).sum().item() for some, classes in pairs) / len(labels)


def flat(tensors):
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors]).numpy()


class Trainer:
    """Draws batches from the training images in an order of its own, each image once a pass."""

    def __init__(self, folder, batch, seed):
        self.model = LeNet()
        self.batch = batch
        self.images, self.labels = load(folder, TRAINING)
        self.generator = torch.Generator().manual_seed(seed)
        self.shuffle()

    def shuffle(self):
        self.order = torch.randperm(len(self.labels), generator=self.generator)
        self.done = 0

    def next_gradients(self):
        if self.done + self.batch > len(self.labels):
            self.shuffle()
        picked = self.order[self.done : self.done + self.batch]
        self.done += self.batch
        return self.model.gradients(self.images[picked], self.labels[picked])

    def gradient(self, parameters):
        """The mean gradient of one batch."""
        self.model.assign(parameters)
        return flat(self.next_gradients())

    def delta(self, parameters, steps, rate, momentum):
        """What so many steps of SGD, a batch each, add to the parameters; the momentum begins anew."""
        self.model.assign(parameters)
        tensors = self.model.tensors
        velocity = [torch.zeros_like(tensor) for tensor in tensors]
        for _ in range(steps):
            gradients = self.next_gradients()
            with torch.no_grad():
                torch._foreach_mul_(velocity, momentum)
                torch._foreach_add_(velocity, gradients)
                torch._foreach_add_(tensors, velocity, alpha=-rate)
        return self.model.parameters() - parameters


class Evaluator:
    """Measures parameters on all test images."""

    def __init__(self, folder):
        self.model = LeNet()
        self.images, self.labels = load(folder, TEST)

    def accuracy(self, parameters):
        self.model.assign(parameters)
        return self.model.accuracy(self.images, self.labels)
