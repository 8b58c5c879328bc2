"""Maximum pools."""

from torch import nn

from record import layer, product

MODULES = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}


def pool(axes, size, given):
    return layer(f"MaxPool{axes}d", given, [(2, *size)], lambda: MODULES[axes](**given))


def cases():
    for size, each in [(n, each) for n in (5, 6, 7) for each in product(
        kernel_size=[1, 2, 3, 4], stride=[None, 1, 2, 3], padding=[0, 1, 2], dilation=[1, 2], ceil_mode=[False, True],
    )]:
        yield pool(1, (size,), each)
    for each in product(kernel_size=[2, 3, [1, 3]], stride=[None, 1, [2, 3]], padding=[0, 1, [0, 1]], dilation=[1, [2, 1]], ceil_mode=[False, True]):
        yield pool(2, (5, 6), each)
    for each in product(kernel_size=[2, [1, 3, 2]], stride=[None, [1, 2, 3]], padding=[0, [0, 1, 1], 2], dilation=[1, [1, 2, 1]], ceil_mode=[False, True]):
        yield pool(3, (3, 4, 5), each)
    for each in product(kernel_size=[2, 3], stride=[None, 1, 2], padding=[0, 1], dilation=[1, 2], ceil_mode=[False, True]):
        yield pool(1, (7,), {**each, "return_indices": True})
        yield pool(2, (5, 6), {**each, "return_indices": True})
        if each["stride"] != 1:
            yield pool(3, (3, 4, 5), {**each, "return_indices": True})
    yield pool(2, (1, 5), {"kernel_size": 2})
    yield pool(2, (5, 5, 5, 5), {"kernel_size": 2})
    yield pool(1, (5,), {"kernel_size": 2, "stride": -1})
    yield pool(1, (5,), {"kernel_size": 0})
