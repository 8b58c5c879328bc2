"""Average pools."""

from torch import nn

from record import layer, product

MODULES = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}


def pool(axes, size, given):
    return layer(f"AvgPool{axes}d", given, [(2, *size)], lambda: MODULES[axes](**given))


def cases():
    for size, each in [(n, each) for n in (5, 6, 7) for each in product(
        kernel_size=[1, 2, 3, 4], stride=[None, 1, 2, 3], padding=[0, 1, 2], ceil_mode=[False, True], count_include_pad=[True, False],
    )]:
        yield pool(1, (size,), each)
    for each in product(
        kernel_size=[2, 3, [1, 3]], stride=[None, 1, [2, 3]], padding=[0, 1, [0, 1]], ceil_mode=[False, True], count_include_pad=[True, False],
        divisor_override=[None, 3],
    ):
        yield pool(2, (5, 6), each)
    for each in product(
        kernel_size=[2, [1, 3, 2]], stride=[None, [1, 2, 3]], padding=[0, [0, 1, 1]], ceil_mode=[False, True], count_include_pad=[True, False],
        divisor_override=[None, 5],
    ):
        yield pool(3, (3, 4, 5), each)
    yield pool(2, (4, 4), {"kernel_size": 2, "divisor_override": 0})
    yield pool(1, (4,), {"kernel_size": 2, "divisor_override": 3})
    yield pool(2, (4, 1), {"kernel_size": 2})
    yield pool(1, (4, 4, 4), {"kernel_size": 2})
