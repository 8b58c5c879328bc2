"""Convolutions of one to three axes, with every kind of padding."""

from torch import nn

from record import layer, product

MODULES = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


def convolution(axes, size, given, channels=4):
    return layer(f"Conv{axes}d", given, [(channels, *size)], lambda: MODULES[axes](channels, **given))


def cases():
    for size, each in [(n, each) for n in (5, 8) for each in product(
        kernel_size=[1, 2, 3], stride=[1, 2, 3], padding=[0, 1, 2, "same", "valid"], dilation=[1, 2], groups=[1, 2],
    )]:
        yield convolution(1, (size,), {"out_channels": 4, **each})
    for index, (size, each) in enumerate((n, each) for n in ((5, 6), (7, 5)) for each in product(
        kernel_size=[1, 2, 3, [1, 3], [3, 2]], stride=[1, 2, [1, 2]], padding=[0, 1, [0, 2], "same"], dilation=[1, 2, [2, 1]], groups=[1, 2],
    )):
        yield convolution(2, size, {"out_channels": 2, **each, "bias": index % 3 != 0}, channels=2)
    for each in product(kernel_size=[1, 2, [1, 2, 3]], stride=[1, 2, [2, 1, 1]], padding=[0, [1, 0, 2], "same"], dilation=[1, [1, 2, 1]], groups=[1, 2]):
        yield convolution(3, (3, 4, 5), {"out_channels": 2, **each}, channels=2)
    for mode in ("reflect", "replicate", "circular"):
        for each in product(kernel_size=[2, 3], stride=[1, 2], padding=[0, 1, 3, "same", "valid"], dilation=[1, 2]):
            yield convolution(1, (6,), {"out_channels": 2, **each, "padding_mode": mode}, channels=2)
        for each in product(kernel_size=[2, [1, 3]], padding=[1, [0, 2], [2, 1], "same"]):
            yield convolution(2, (3, 4), {"out_channels": 2, **each, "padding_mode": mode}, channels=1)
        for each in product(kernel_size=[2, [1, 3, 2]], padding=[1, [0, 2, 1]]):
            yield convolution(3, (3, 3, 4), {"out_channels": 1, **each, "padding_mode": mode}, channels=1)
        # More padding than there is input.
        yield convolution(1, (3,), {"out_channels": 1, "kernel_size": 3, "padding": 3, "padding_mode": mode}, channels=1)
        yield convolution(1, (3,), {"out_channels": 1, "kernel_size": 3, "padding": 4, "padding_mode": mode}, channels=1)
    # Depthwise, groups that do not divide, kernels that do not fit, a missing or superfluous axis.
    for groups, out, channels in [(4, 8, 4), (3, 4, 4), (3, 6, 4), (3, 4, 6), (4, 2, 4)]:
        yield convolution(2, (4, 4), {"out_channels": out, "kernel_size": 3, "groups": groups}, channels=channels)
    for axes, size in [(1, (2,)), (2, (2, 5)), (3, (4, 2, 4))]:
        yield convolution(axes, size, {"out_channels": 1, "kernel_size": 3})
        yield convolution(axes, size, {"out_channels": 1, "kernel_size": 2, "dilation": 3})
        yield convolution(axes, (*size, 4, 4), {"out_channels": 1, "kernel_size": 1})
    for given in ({"stride": 0}, {"padding": -1}, {"dilation": 0}, {"kernel_size": 0}, {"groups": 0}, {"padding": "full"}, {"padding_mode": "mirror"}):
        yield convolution(2, (4, 4), {"out_channels": 2, "kernel_size": 2, **given})
