"""Time to accuracy of `lenet` on Ray: a parameter-server actor and two PyTorch workers, synchronous SGD by gradients.

usage: python3 bench/reference/ray_cluster.py --data FOLDER --target 0.985 --seed 1

FOLDER has the four MNIST files. The images lie normalised in each worker's memory, and each process computes on one
thread. All test images are evaluated every so many iterations. One JSON line: seconds from the first line of the
program (imports not counted) and from the moment the weights can be had.
"""
import argparse
import json
import os
import time

import numpy as np
import ray
import torch
from torch import nn
from torch.nn import functional as F

WORKERS = 2


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--target", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--most", type=int, default=5000)
    return parser.parse_args()


def load(folder, images, labels):
    pixels = np.fromfile(os.path.join(folder, images), dtype=np.uint8)[16:].reshape(-1, 1, 28, 28)
    classes = np.fromfile(os.path.join(folder, labels), dtype=np.uint8)[8:].astype(np.int64)
    return (torch.from_numpy(pixels).float() / 255 - 0.1307) / 0.3081, torch.from_numpy(classes)


def lenet():
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(256, 10)),
    )


@ray.remote
class ParameterServer:
    def __init__(self, seed, rate, momentum):
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self.net = lenet()
        self.optimizer = torch.optim.SGD(self.net.parameters(), rate, momentum)

    def weights(self):
        return [parameter.detach().numpy().copy() for parameter in self.net.parameters()]

    def apply(self, *gradients):
        for parameter, parts in zip(self.net.parameters(), zip(*gradients)):
            parameter.grad = torch.from_numpy(np.mean(parts, axis=0))
        self.optimizer.step()
        return self.weights()


@ray.remote
class Worker:
    def __init__(self, folder, batch, seed):
        torch.set_num_threads(1)
        self.net, self.batch = lenet(), batch
        self.images, self.labels = load(folder, "train-images-idx3-ubyte", "train-labels-idx1-ubyte")
        self.generator = torch.Generator().manual_seed(seed)
        self.order, self.done = torch.randperm(60000, generator=self.generator), 0

    def gradient(self, weights):
        if self.done + self.batch > 60000:
            self.order, self.done = torch.randperm(60000, generator=self.generator), 0
        picked = self.order[self.done : self.done + self.batch]
        self.done += self.batch
        give(self.net, weights)
        loss = F.cross_entropy(self.net(self.images[picked]), self.labels[picked])
        return [part.numpy() for part in torch.autograd.grad(loss, list(self.net.parameters()))]


def give(net, weights):
    with torch.no_grad():
        for parameter, values in zip(net.parameters(), weights):
            parameter.copy_(torch.from_numpy(np.array(values)))


def main():
    begun, settings = time.time(), arguments()
    folder = os.path.abspath(settings.data)
    torch.set_num_threads(1)
    images, labels = load(folder, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    ray.init(logging_level="ERROR", log_to_driver=False, include_dashboard=False, num_cpus=4)
    server = ParameterServer.remote(settings.seed, settings.rate, settings.momentum)
    workers = [Worker.remote(folder, settings.batch, 100 * settings.seed + index) for index in range(WORKERS)]
    net = lenet()
    weights = server.weights.remote()
    ray.get(weights)
    ready, accuracy, iteration = time.time(), 0.0, 0
    while accuracy < settings.target and iteration < settings.most:
        weights = server.apply.remote(*[worker.gradient.remote(weights) for worker in workers])
        iteration += 1
        if iteration % settings.every == 0:
            give(net, ray.get(weights))
            with torch.no_grad():
                accuracy = (net(images).argmax(1) == labels).float().mean().item()
        else:
            ray.wait([weights])
    ended = time.time()
    report = {"testAccuracy": round(accuracy, 4), "samples": iteration * WORKERS * settings.batch}
    times = {"jobSeconds": round(ended - begun, 2), "trainSeconds": round(ended - ready, 2)}
    print(json.dumps({**report, **times}), flush=True)


main()
