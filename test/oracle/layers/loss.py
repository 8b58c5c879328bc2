"""Losses of two tensors of one shape; the reduction is within an example."""

import torch
from torch.nn import functional as F

from record import Input, function

SHAPES = [(), (4,), (3, 4)]


def cases():
    for shape in SHAPES:
        wide = Input(shape, -2, 2)
        probability = Input(shape, 0.05, 0.95)
        for reduction in ("mean", "sum", "none"):
            for name, choices in (
                ("mse_loss", [{}]), ("l1_loss", [{}]), ("smooth_l1_loss", [{}, {"beta": 0.5}, {"beta": 0.0}, {"beta": -1.0}]), ("huber_loss", [{}, {"delta": 0.3}, {"delta": 2.0}, {"delta": 0.0}]),
            ):
                for given in choices:
                    given = {"reduction": reduction, **given}
                    yield function(name, given, [wide, Input(shape, -2, 2)], lambda x, y: getattr(F, name)(x, y, **given))
                    if name != "smooth_l1_loss":
                        yield function(name, given, [wide, Input(shape, -2, 2), Input(shape, 0.1, 2)], lambda x, y, w: getattr(F, name)(x, y, weight=w, **given))
            given = {"reduction": reduction}
            yield function("binary_cross_entropy", given, [probability, probability], lambda x, y: F.binary_cross_entropy(x, y, **given))
            yield function("binary_cross_entropy", given, [probability, probability, Input(shape, 0, 2)], lambda x, y, w: F.binary_cross_entropy(x, y, w.detach(), **given) + 0 * w.sum())
            yield function("binary_cross_entropy_with_logits", given, [wide, probability], lambda x, y: F.binary_cross_entropy_with_logits(x, y, **given))
            yield function("binary_cross_entropy_with_logits", given, [Input(shape, -60, 60), probability, Input(shape, 0, 2)], lambda x, y, w: F.binary_cross_entropy_with_logits(x, y, w.detach(), **given) + 0 * w.sum())
            for weight in ([2.5], [0.5, 1, 2, 3]):
                if len(weight) == 1 or shape:
                    yield function(
                        "binary_cross_entropy_with_logits", {"reduction": reduction, "pos_weight": weight}, [wide, probability],
                        lambda x, y: F.binary_cross_entropy_with_logits(
                            x.unsqueeze(0), y.unsqueeze(0), pos_weight=torch.tensor(weight, dtype=torch.float64), reduction=reduction,
                        ).reshape(() if reduction != "none" else shape),
                    )
            for log_target in (False, True):
                given = {"reduction": reduction, "log_target": log_target}
                target = Input(shape, -3, 0) if log_target else Input(shape, 0.01, 1)
                yield function("kl_div", given, [Input(shape, -3, 0), target], lambda x, y: F.kl_div(x, y, **given))
            for margin in (1.0, 0.3):
                given = {"margin": margin, "reduction": reduction}
                yield function("hinge_embedding_loss", given, [Input(shape, 0, 2), Input(shape, -1, 2, True)], lambda x, y: F.hinge_embedding_loss(x, y, **given))
        yield function("kl_div", {"reduction": "batchmean"}, [Input(shape, -3, 0), Input(shape, 0.01, 1)], lambda x, y: F.kl_div(x, y, reduction="sum"))
        yield function("mse_loss", {"reduction": "average"}, [wide, wide], lambda x, y: F.mse_loss(x, y, reduction="average"))
    # Logarithms end at −100. PyTorch has no finite gradient there.
    yield function("binary_cross_entropy", {}, [Input((3,), 0, 1, True), Input((3,), 0, 2, True)], lambda x, y: F.binary_cross_entropy(x.double(), y.double()))
    yield function("mse_loss", {}, [(1,), ()], lambda x, y: F.mse_loss(x, y))
    yield function("mse_loss", {}, [(2, 3), (3,)], lambda x, y: F.mse_loss(x, y))
    yield function("mse_loss", {}, [(4,), (4,), (1,)], lambda x, y, w: F.mse_loss(x, y, weight=w))
    yield function("l1_loss", {}, [(4,), (3,)], lambda x, y: F.l1_loss(x, y))
    yield function("binary_cross_entropy", {}, [Input((4,), 0.1, 0.9), Input((1,), 0.1, 0.9)], lambda x, y: F.binary_cross_entropy(x, y))
    yield function("binary_cross_entropy_with_logits", {}, [Input((4,)), Input((1,), 0.1, 0.9)], lambda x, y: F.binary_cross_entropy_with_logits(x, y))
    for name in ("cosine_similarity", "CosineSimilarity"):
        for a, b, dim in (((4,), (4,), 0), ((3, 4), (3, 4), 0), ((3, 4), (3, 4), 1), ((3, 4), (3, 4), -1), ((3, 4), (4,), -1), ((3, 4), (3, 1), 1), ((3, 4), (2, 4), 0), ((3,), (3,), 1)):
            yield function(name, {"dim": dim}, [a, b], lambda x, y: F.cosine_similarity(x, y, dim))
        # PyTorch's own derivative leaves out that eps takes the place of a length; the formula does not.
        yield function(name, {"eps": 2.0}, [(4,), (4,)], lambda x, y: x @ y / (x.norm().clamp_min(2) * y.norm().clamp_min(2)))
    for given in ({}, {"p": 1.0}, {"p": 3.0, "eps": 1e-3}, {"keepdim": True}):
        for shape in ((4,), (3, 4)):
            yield function("PairwiseDistance", given, [shape, shape], lambda x, y: torch.nn.PairwiseDistance(**given)(x, y))
