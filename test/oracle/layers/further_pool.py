"""Power-average pools."""

from torch import nn

from record import Input, layer, product

MODULES = {1: nn.LPPool1d, 2: nn.LPPool2d, 3: nn.LPPool3d}
SHAPES = {1: (2, 7), 2: (2, 5, 6), 3: (1, 3, 4, 5)}


def cases():
    for axes, shape in SHAPES.items():
        for each in product(norm_type=[1.0, 2.0, 3.0, 0.5], kernel_size=[1, 2, 3], stride=[None, 1, 2], ceil_mode=[False, True]):
            yield layer(f"LPPool{axes}d", each, [Input(shape, 0.1, 2)], lambda: MODULES[axes](**each))
        yield layer(f"LPPool{axes}d", {"norm_type": 2.0, "kernel_size": 2}, [shape], lambda: MODULES[axes](2.0, 2))
        yield layer(f"LPPool{axes}d", {"norm_type": 2.0, "kernel_size": 9}, [shape], lambda: MODULES[axes](2.0, 9))
    yield layer("LPPool2d", {"norm_type": 2.0, "kernel_size": [1, 3], "stride": [2, 1]}, [(2, 4, 5)], lambda: nn.LPPool2d(2.0, (1, 3), (2, 1)))
    yield layer("LPPool1d", {"norm_type": 0, "kernel_size": 2}, [(2, 5)], lambda: nn.LPPool1d(0, 2))
