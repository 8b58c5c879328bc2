"""Windows side by side, and added up again."""

from torch import nn

from record import layer, product


def cases():
    for size in ((4, 5), (5, 3)):
        for each in product(kernel_size=[1, 2, [2, 3], 3], dilation=[1, [2, 1]], padding=[0, 1, [0, 2]], stride=[1, 2, [1, 3]]):
            yield layer("Unfold", each, [(2, *size)], lambda: nn.Unfold(**each))
            reached = [[value[axis] if isinstance(value, list) else value for value in each.values()] for axis in (0, 1)]
            counts = [(size[axis] + 2 * p - d * (k - 1) - 1) // s + 1 for axis, (k, d, p, s) in enumerate(reached)]
            if min(counts) < 1:
                continue
            rows = 2 * reached[0][0] * reached[1][0]
            yield layer("Fold", {"output_size": list(size), **each}, [(rows, counts[0] * counts[1])], lambda: nn.Fold(size, **each))
    yield layer("Fold", {"output_size": 4, "kernel_size": 2}, [(8, 8)], lambda: nn.Fold(4, 2))
    yield layer("Fold", {"output_size": 4, "kernel_size": 2}, [(6, 9)], lambda: nn.Fold(4, 2))
    yield layer("Fold", {"output_size": 2, "kernel_size": 3}, [(9, 1)], lambda: nn.Fold(2, 3))
    yield layer("Fold", {"output_size": 2, "kernel_size": 1}, [(1, 2, 2, 2)], lambda: nn.Fold(2, 1))
    yield layer("Unfold", {"kernel_size": 2}, [(1, 2, 2, 2)], lambda: nn.Unfold(2))
