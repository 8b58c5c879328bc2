"""Losses that keep a margin, and further ones, for one example at a time."""

import torch
from torch.nn import functional as F

from record import Input, function, product

SHAPES = [(), (4,), (3, 4)]
REDUCTIONS = ("mean", "sum", "none")


def cases():
    for reduction in REDUCTIONS:
        given = {"reduction": reduction}
        for shape in SHAPES:
            wide = Input(shape, -2, 2)
            yield function("soft_margin_loss", given, [wide, Input(shape, -1, 2, True)], lambda x, y: F.soft_margin_loss(x, y.double(), **given))
            for further in product(log_input=[True, False], full=[True, False]) + [{"log_input": False, "eps": 0.5}]:
                whole = {**given, **further}
                rate = wide if further["log_input"] else Input(shape, 0.1, 3)
                yield function("poisson_nll_loss", whole, [rate, Input(shape, 0, 5, True)], lambda x, y: F.poisson_nll_loss(x, y.double(), **whole))
            variances = [shape, *([(*shape[:-1], 1), shape[:-1]] if shape else [])]
            for variance in variances:
                for further in ({}, {"full": True}, {"eps": 0.5}):
                    whole = {**given, **further}
                    yield function("gaussian_nll_loss", whole, [wide, wide, Input(variance, 0.1, 2)], lambda x, y, v: F.gaussian_nll_loss(x, y, v, **whole))
            for margin in (0.0, 0.5):
                whole = {"margin": margin, **given}
                yield function("margin_ranking_loss", whole, [wide, wide, Input(shape, -1, 1)], lambda x, y, t: F.margin_ranking_loss(x, y, t, **whole))
            if shape:
                for further in product(p=[1.0, 2.0, 3.0], swap=[True, False]) + [{"margin": 0.3}, {"eps": 0.1}]:
                    whole = {**given, **further}
                    yield function("triplet_margin_loss", whole, [wide, shape, wide], lambda a, p, n: F.triplet_margin_loss(a, p, n, **whole))
                for margin in (0.0, 0.3, -0.2):
                    whole = {"margin": margin, **given}
                    yield function("cosine_embedding_loss", whole, [wide, shape, Input(shape[:-1], -1, 2, True)], lambda x, y, t: F.cosine_embedding_loss(x, y, t, **whole))
                target = Input(shape[:-1], 0, shape[-1], True)
                for further in product(p=[1, 2], margin=[1.0, 0.3]):
                    whole = {**given, **further}
                    yield function("multi_margin_loss", whole, [wide, target], lambda x, t: F.multi_margin_loss(x, t, **whole))
                    yield function(
                        "multi_margin_loss", whole, [wide, target, Input(shape[-1:], 0.1, 2)],
                        lambda x, t, w: F.multi_margin_loss(x, t, weight=w.detach(), **whole) + 0 * w.sum(),
                    )
                yield function("multilabel_margin_loss", given, [wide, Input(shape, -1, shape[-1], True)], lambda x, t: F.multilabel_margin_loss(x, t, **given))
                yield function("multilabel_soft_margin_loss", given, [wide, Input(shape, 0, 1)], lambda x, t: F.multilabel_soft_margin_loss(x, t, **given))
                yield function(
                    "multilabel_soft_margin_loss", given, [wide, Input(shape, 0, 1), Input(shape[-1:], 0.1, 2)],
                    lambda x, t, w: F.multilabel_soft_margin_loss(x, t, weight=w.detach(), **given) + 0 * w.sum(),
                )
    yield function("soft_margin_loss", {}, [(4,), (3,)], lambda x, y: F.soft_margin_loss(x, y))
    yield function("poisson_nll_loss", {}, [(4,), (3,)], lambda x, y: F.poisson_nll_loss(x, y))
    yield function("gaussian_nll_loss", {}, [(3, 4), (3, 4), Input((4,), 0.1, 1)], lambda x, y, v: F.gaussian_nll_loss(x, y, v))
    yield function("gaussian_nll_loss", {}, [(3, 4), (3, 4), Input((1, 1), 0.1, 1)], lambda x, y, v: F.gaussian_nll_loss(x, y, v))
    yield function("gaussian_nll_loss", {}, [(3, 4), (3, 4), Input((1, 4), 0.1, 1)], lambda x, y, v: F.gaussian_nll_loss(x, y, v))
    yield function("margin_ranking_loss", {}, [(4,), (4,), ()], lambda x, y, t: F.margin_ranking_loss(x, y, t))
    yield function("margin_ranking_loss", {}, [(4,), (3,), (4,)], lambda x, y, t: F.margin_ranking_loss(x, y, t))
    yield function("triplet_margin_loss", {"margin": 0.0}, [(4,), (4,), (4,)], lambda a, p, n: F.triplet_margin_loss(a, p, n, margin=0.0))
    yield function("triplet_margin_loss", {}, [(4,), (3,), (4,)], lambda a, p, n: F.triplet_margin_loss(a, p, n))
    yield function("triplet_margin_loss", {}, [(3, 4), (4,), (3, 4)], lambda a, p, n: F.triplet_margin_loss(a, p, n))
    yield function("cosine_embedding_loss", {}, [(4,), (4,), Input((4,), -1, 2, True)], lambda x, y, t: F.cosine_embedding_loss(x, y, t))
    yield function("cosine_embedding_loss", {}, [(2, 3, 4), (2, 3, 4), Input((2, 3), -1, 2, True)], lambda x, y, t: F.cosine_embedding_loss(x, y, t))
    yield function("multi_margin_loss", {}, [(4,), Input((4,), 0, 4, True)], lambda x, t: F.multi_margin_loss(x, t))
    yield function("multi_margin_loss", {"p": 3}, [(4,), Input((), 0, 4, True)], lambda x, t: F.multi_margin_loss(x, t, p=3))
    yield function("multi_margin_loss", {}, [(4,), Input((), 0, 4, True), (3,)], lambda x, t, w: F.multi_margin_loss(x, t, weight=w.detach()))
    yield function("multi_margin_loss", {}, [(4,), Input((), 0, 3)], lambda x, t: F.multi_margin_loss(x, t))
    yield function("multilabel_margin_loss", {}, [(4,), Input((3,), -1, 4, True)], lambda x, t: F.multilabel_margin_loss(x, t))
    yield function("multilabel_soft_margin_loss", {}, [(4,), (3,)], lambda x, t: F.multilabel_soft_margin_loss(x, t))
    yield function("multilabel_soft_margin_loss", {}, [(), ()], lambda x, t: F.multilabel_soft_margin_loss(x, t))
