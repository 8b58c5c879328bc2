"""Maximum pools undone."""

import math

from torch import nn

from record import Case, Input, product

MODULES = {1: nn.MaxUnpool1d, 2: nn.MaxUnpool2d, 3: nn.MaxUnpool3d}


def each_axis(value, axes):
    return value if isinstance(value, list) else [value] * axes


def unpool(axes, size, given, output_size=None, indices=None, distinct=None):
    kernel, stride, padding = (each_axis(given.get(key) or standard, axes) for key, standard in (("kernel_size", 1), ("stride", given["kernel_size"]), ("padding", 0)))
    plain = [(n - 1) * s - 2 * p + k for n, s, p, k in zip(size, stride, padding, kernel)]
    places = distinct or max(math.prod(output_size or plain), math.prod(size))
    shape = (2, *size) if indices is None else indices
    inputs = [Input((2, *size)), Input(shape, distinct=places, plane=len(shape) - 1)]
    forward = {} if output_size is None else {"output_size": output_size}
    return Case(f"MaxUnpool{axes}d", given, inputs, lambda module, x, at: module(x, at, output_size=output_size), lambda: MODULES[axes](**given), forward=forward)


def cases():
    for each in product(kernel_size=[1, 2, 3], stride=[None, 2, 3], padding=[0, 1]):
        for n in (3, 4) if each["kernel_size"] > each["padding"] else ():
            yield unpool(1, (n,), each)
    for each in product(kernel_size=[2, [2, 3]], stride=[None, [3, 2]], padding=[0, [1, 0]]):
        yield unpool(2, (3, 2), each)
    for each in product(kernel_size=[2, [1, 2, 3]], stride=[None], padding=[0]):
        yield unpool(3, (2, 2, 3), each)
    for size in ([7], [8], [5], [9], [4], [10]):
        yield unpool(1, (3,), {"kernel_size": 3}, size)
    for size in ([5, 7], [4, 6], [7, 7], [5]):
        yield unpool(2, (2, 3), {"kernel_size": 2}, size)
    yield unpool(2, (2, 3), {"kernel_size": 2}, indices=(2, 2, 2))
    yield unpool(2, (2, 3, 4), {"kernel_size": 2})
    yield unpool(1, (3,), {"kernel_size": 0})
