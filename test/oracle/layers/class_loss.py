"""Losses of classifications, for one example at a time."""

import torch
from torch.nn import functional as F

from record import Input, function

#: The shape of the prediction, and its class axis.
SHAPES = [((5,), 0), ((4, 5), 1), ((5, 4), 0), ((2, 3, 5), 2), ((5, 2, 3), 0), ((4, 4), 0)]


def first(x, axis):
    """PyTorch wants the classes first, in an example without a batch axis behind it."""
    return x.movedim(axis, 0).unsqueeze(0).contiguous()


def cases():
    for shape, axis in SHAPES:
        target = Input(shape[:axis] + shape[axis + 1:], 0, shape[axis], True)
        for reduction in ("mean", "sum", "none"):
            squeeze = (lambda y: y.squeeze(0)) if reduction == "none" else (lambda y: y)
            for further in ({}, {"ignore_index": 1}):
                given = {"reduction": reduction, **further}
                if not (further and target.shape == () and reduction == "mean"):
                    yield function("nll_loss", given, [shape, target], lambda x, t: squeeze(F.nll_loss(first(x, axis), t.unsqueeze(0), **given)))
                    yield function("nll_loss", given, [shape, target, Input((shape[axis],), 0.1, 2)], lambda x, t, w: squeeze(F.nll_loss(first(x, axis), t.unsqueeze(0), w.detach(), **given)) + 0 * w.sum())
            for further in ({}, {"ignore_index": 1}, {"label_smoothing": 0.1}, {"ignore_index": 2, "label_smoothing": 0.3}, {"label_smoothing": 1.5}):
                given = {"reduction": reduction, **further}
                if "ignore_index" in further and target.shape == () and reduction == "mean":
                    continue
                yield function("cross_entropy", given, [Input(shape, -3, 3), target], lambda x, t: squeeze(F.cross_entropy(first(x, axis), t.unsqueeze(0), **given)))
                yield function(
                    "cross_entropy", given, [Input(shape, -3, 3), target, Input((shape[axis],), 0.1, 2)],
                    lambda x, t, w: squeeze(F.cross_entropy(first(x, axis), t.unsqueeze(0), w.detach(), **given)) + 0 * w.sum(),
                )
            for smoothing in (0.0, 0.2):
                if axis == 0:
                    given = {"reduction": reduction, "label_smoothing": smoothing}
                    yield function("cross_entropy", given, [Input(shape, -3, 3), Input(shape, 0, 1)], lambda x, t: squeeze(F.cross_entropy(x.unsqueeze(0), t.unsqueeze(0), **given)))
                    yield function(
                        "cross_entropy", given, [Input(shape, -3, 3), Input(shape, 0, 1), Input((shape[axis],), 0.1, 2)],
                        lambda x, t, w: squeeze(F.cross_entropy(x.unsqueeze(0), t.unsqueeze(0), w.detach(), **given)) + 0 * w.sum(),
                    )
    yield function("cross_entropy", {}, [(5,), Input((3,), 0, 5, True)], lambda x, t: F.cross_entropy(x, t))
    yield function("cross_entropy", {}, [(4, 5), Input((3,), 0, 4, True)], lambda x, t: F.cross_entropy(x, t))
    yield function("cross_entropy", {}, [(5,), Input((), 0, 1)], lambda x, t: F.cross_entropy(x, t))
    yield function("cross_entropy", {}, [(5,), Input((), 0, 5, True), (4,)], lambda x, t, w: F.cross_entropy(x, t, w.detach()))
    yield function("nll_loss", {}, [(5,), (5,)], lambda x, t: F.nll_loss(x, t))
