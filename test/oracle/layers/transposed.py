"""Transposed convolutions of one to three axes."""

from torch import nn

from record import layer, product

MODULES = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


def transposed(axes, size, given, channels=4):
    return layer(f"ConvTranspose{axes}d", given, [(channels, *size)], lambda: MODULES[axes](channels, **given))


def cases():
    for size, each in [(n, each) for n in (1, 4) for each in product(
        kernel_size=[1, 2, 3], stride=[1, 2, 3], padding=[0, 1, 2], output_padding=[0, 1, 2], dilation=[1, 2], groups=[1, 2],
    )]:
        if size == 1 and each["groups"] == 2:
            continue
        yield transposed(1, (size,), {"out_channels": 2, **each}, channels=2)
    for index, each in enumerate(product(
        kernel_size=[2, 3, [1, 3]], stride=[1, 2, [3, 2]], padding=[0, 1, [1, 0]], output_padding=[0, [1, 0]], dilation=[1, [1, 2]], groups=[1, 2],
    )):
        yield transposed(2, (3, 4), {"out_channels": 2, **each, "bias": index % 3 != 0}, channels=2)
    for each in product(kernel_size=[2, [1, 2, 3]], stride=[1, [2, 1, 2]], padding=[0, 1], output_padding=[0, [1, 0, 1]]):
        yield transposed(3, (2, 3, 2), {"out_channels": 1, **each}, channels=2)
    for groups, out, channels in [(4, 8, 4), (3, 4, 4), (3, 6, 4)]:
        yield transposed(2, (3, 3), {"out_channels": out, "kernel_size": 2, "groups": groups}, channels=channels)
    yield transposed(2, (3, 3, 3, 3), {"out_channels": 1, "kernel_size": 2})
    for given in ({"stride": 0}, {"padding": -1}, {"dilation": 0}, {"output_padding": -1}, {"groups": 0}):
        yield transposed(1, (4,), {"out_channels": 2, "kernel_size": 2, **given})
    yield transposed(1, (4,), {"out_channels": 2, "kernel_size": 2, "padding": "same"})
    yield transposed(1, (4,), {"out_channels": 2, "kernel_size": 2, "padding_mode": "reflect"})
    yield transposed(1, (4,), {"out_channels": 2, "kernel_size": 2, "padding_mode": "zeros"}, channels=2)
