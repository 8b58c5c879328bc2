"""Reductions over all, one or several axes."""

import math

import torch

from record import Input, function

SHAPES = [(), (5,), (3, 4), (2, 3, 4)]
DIMS = [None, 0, -1, 1, [0, 1], [-1, 0], [0, 0], 3]


def reduced(name, given, shape, apply):
    def run(x):
        dim, keep = given["dim"], given.get("keepdim", False)
        axes = tuple(range(x.dim())) if dim is None else tuple(dim) if isinstance(dim, list) else dim
        return apply(x, axes, keep) if x.dim() > 0 else apply(x.reshape(1), 0, False)
    return function(name, given, [shape], run)


def product_over(x, axes, keep):
    axes = [axes] if isinstance(axes, int) else axes
    if len({axis % x.dim() for axis in axes}) != len(axes):
        raise ValueError("dim appears multiple times")
    if any(not -x.dim() <= axis < x.dim() for axis in axes):
        raise IndexError("dimension out of range")
    for axis in sorted((axis % x.dim() for axis in axes), reverse=True):
        x = torch.prod(x, axis, keepdim=keep)
    return x


FUNCTIONS = {
    "sum": lambda x, axes, keep: torch.sum(x, axes, keepdim=keep), "mean": lambda x, axes, keep: torch.mean(x, axes, keepdim=keep),
    "max": lambda x, axes, keep: torch.amax(x, axes, keepdim=keep), "min": lambda x, axes, keep: torch.amin(x, axes, keepdim=keep),
    "prod": product_over, "logsumexp": lambda x, axes, keep: torch.logsumexp(x, axes, keepdim=keep),
}


def cases():
    for shape in SHAPES:
        # PyTorch lets a single number have one axis here; what has none can only be reduced as a whole.
        for dim in DIMS if shape else [None]:
            for keep in (False, True):
                for name, apply in FUNCTIONS.items():
                    yield reduced(name, {"dim": dim, "keepdim": keep}, shape, apply)
                if shape != ():
                    for correction in (1, 0):
                        yield reduced("var", {"dim": dim, "keepdim": keep, "correction": correction}, shape, lambda x, axes, k: torch.var(x, axes, correction=correction, keepdim=k))
                for p in (2, 1, 3, 0, math.inf, -math.inf, 0.5):
                    yield reduced("norm", {"p": p, "dim": dim, "keepdim": keep}, shape, lambda x, axes, k: torch.linalg.vector_norm(x, p, axes, keepdim=k))
    for name in ("sum", "max", "min", "prod"):
        yield reduced(name, {"dim": 0}, Input((3, 4), -3, 4, True), FUNCTIONS[name])
    # The length of a vector of zeros has the gradient 0.
    yield reduced("norm", {"dim": -1}, Input((2, 3), 0, 0), lambda x, axes, k: torch.linalg.vector_norm(x, 2, axes, keepdim=k))
