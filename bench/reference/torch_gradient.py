"""Gradients by PyTorch's automatic differentiation, for models of the layer set.

Reads JSON lines {"spec", "parameters", "images", "labels"} (parameters flat in layout order, images normalised, NHWC)
from the file named; prints {"loss", "gradient"} for each.
"""

import json
import sys

import torch
from torch.nn import functional as F


def same_padding(size, kernel, stride):
    missing = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return missing // 2, missing - missing // 2


def logits(spec, take, value):
    for layer in spec["layers"]:
        kind = layer["kind"]
        if kind == "conv2d":
            size, stride, channels = layer["kernel"], layer["stride"], value.shape[1]
            kernel = take((size, size, channels, layer["filters"])).permute(3, 2, 0, 1)
            if layer["padding"] == "same":
                rows, columns = (same_padding(length, size, stride) for length in value.shape[2:])
                value = F.pad(value, (*columns, *rows))
            value = F.conv2d(value, kernel, take((layer["filters"],)), stride=stride)
        elif kind == "relu":
            value = F.relu(value)
        elif kind == "maxPool":
            value = F.max_pool2d(value, layer["size"])
        elif kind == "flatten":
            value = value.permute(0, 2, 3, 1).flatten(1)
        elif kind == "dense":
            value = value @ take((value.shape[1], layer["units"])) + take((layer["units"],))
    return value


def answer(spec, parameters, images, labels):
    flat = torch.tensor(parameters, requires_grad=True)
    height, width, channels = spec["input"]
    value = torch.tensor(images).reshape(-1, height, width, channels).permute(0, 3, 1, 2)
    used = 0

    def take(shape):
        nonlocal used
        length = torch.Size(shape).numel()
        used += length
        return flat[used - length : used].reshape(shape)

    loss = F.cross_entropy(logits(spec, take, value), torch.tensor(labels))
    loss.backward()
    return {"loss": loss.item(), "gradient": flat.grad.tolist()}


torch.set_num_threads(1)
with open(sys.argv[1]) as lines:
    for line in lines:
        print(json.dumps(answer(**json.loads(line))))
