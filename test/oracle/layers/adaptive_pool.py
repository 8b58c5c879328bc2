"""Pools that fix the size of their output."""

from torch import nn

from record import layer

MODULES = {
    ("Avg", 1): nn.AdaptiveAvgPool1d, ("Avg", 2): nn.AdaptiveAvgPool2d, ("Avg", 3): nn.AdaptiveAvgPool3d,
    ("Max", 1): nn.AdaptiveMaxPool1d, ("Max", 2): nn.AdaptiveMaxPool2d, ("Max", 3): nn.AdaptiveMaxPool3d,
}


def pool(kind, axes, size, output_size):
    given = {"output_size": output_size}
    return layer(f"Adaptive{kind}Pool{axes}d", given, [(2, *size)], lambda: MODULES[kind, axes](output_size))


def cases():
    for kind in ("Avg", "Max"):
        for size in range(1, 9):
            for out in range(1, 9):
                yield pool(kind, 1, (size,), out)
        for size in ((4, 6), (5, 7), (1, 3)):
            for out in (1, 2, 3, [1, 3], [None, 2], [2, None], [None, None], [5, 4]):
                yield pool(kind, 2, size, out)
        for out in (1, 2, [1, None, 2], [3, 2, 1]):
            yield pool(kind, 3, (3, 4, 5), out)
        if kind == "Max":
            for axes, size, out in ((1, (7,), 3), (2, (5, 7), 2), (2, (4, 6), [1, 3]), (3, (3, 4, 5), [2, 1, 3])):
                given = {"output_size": out, "return_indices": True}
                yield layer(f"AdaptiveMaxPool{axes}d", given, [(2, *size)], lambda: MODULES[kind, axes](**given))
        yield pool(kind, 2, (4, 4, 4), 2)
        yield pool(kind, 2, (4, 4), [2, 2, 2])
        yield pool(kind, 1, (4,), -1)
