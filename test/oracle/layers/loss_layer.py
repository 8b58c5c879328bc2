"""The losses as layers, applied to one example after the other."""

import torch
from torch import nn

from record import Case, Input, product, tensors

REDUCTIONS = ("mean", "sum", "none")


def loss(name, given, shapes, prepare=lambda *x: x):
    """`prepare` makes of one example's tensors what the module takes."""
    def make():
        return getattr(nn, name)(**{key: torch.tensor(value, dtype=torch.float64) if isinstance(value, list) else value for key, value in given.items()})

    def run(module, *x):
        return torch.stack([module(*prepare(*(tensor[i] for tensor in x))) for i in range(len(x[0]))])

    return Case(name, given, tensors(*shapes), run, make)


def cases():
    for reduction in REDUCTIONS:
        given = {"reduction": reduction}
        wide, target, probability = Input((3, 4), -2, 2), Input((3, 4), -2, 2), Input((3, 4), 0.05, 0.95)
        for name, further in (
            ("MSELoss", {}), ("L1Loss", {}), ("SmoothL1Loss", {}), ("SmoothL1Loss", {"beta": 0.5}), ("HuberLoss", {}), ("HuberLoss", {"delta": 0.3}),
        ):
            yield loss(name, {**given, **further}, [wide, target])
        yield loss("SoftMarginLoss", given, [wide, Input((3, 4), -1, 2, True)], lambda x, t: (x, t.double()))
        for weight in (None, [0.5, 1.0, 2.0, 3.0]):
            weighted = {} if weight is None else {"weight": weight}
            yield loss("BCELoss", {**weighted, **given}, [probability, probability])
            yield loss("BCEWithLogitsLoss", {**weighted, **given}, [wide, probability])
            yield loss("BCEWithLogitsLoss", {**weighted, **given, "pos_weight": [2.0, 1.0, 0.5, 3.0]}, [wide, probability])
            yield loss("MultiLabelSoftMarginLoss", {**weighted, **given}, [wide, probability])
            for p in (1, 2):
                yield loss("MultiMarginLoss", {"p": p, **weighted, **given}, [(4,), Input((), 0, 4, True)])
            for name, further in (("CrossEntropyLoss", {}), ("CrossEntropyLoss", {"label_smoothing": 0.2}), ("NLLLoss", {}), ("CrossEntropyLoss", {"ignore_index": 1}), ("NLLLoss", {"ignore_index": 1})):
                yield loss(name, {**weighted, **given, **further}, [(4, 6), Input((6,), 0, 4, True)], lambda x, t: (x.T, t))
                if not further or "label_smoothing" in further:
                    yield loss(name, {**weighted, **given, **further}, [(4,), Input((), 0, 4, True)])
        for log_target in (False, True):
            yield loss("KLDivLoss", {**given, "log_target": log_target}, [Input((4,), -3, 0), Input((4,), -3, 0) if log_target else Input((4,), 0.01, 1)])
        yield loss("HingeEmbeddingLoss", {"margin": 0.5, **given}, [Input((4,), 0, 2), Input((4,), -1, 2, True)])
        for further in product(log_input=[True, False], full=[True, False]):
            yield loss("PoissonNLLLoss", {**further, **given}, [Input((4,), 0.1, 3), Input((4,), 0, 5)])
        for variance in ((3, 4), (3, 1), (3,)):
            yield loss("GaussianNLLLoss", {"full": True, **given}, [wide, target, Input(variance, 0.1, 2)])
        yield loss("MarginRankingLoss", {"margin": 0.5, **given}, [(4,), (4,), Input((4,), -1, 1)])
        yield loss("CosineEmbeddingLoss", {"margin": 0.1, **given}, [(4,), (4,), Input((), -1, 2, True)])
        yield loss("CosineEmbeddingLoss", given, [(3, 4), (3, 4), Input((3,), -1, 2, True)])
        yield loss("TripletMarginLoss", {"swap": True, **given}, [(4,), (4,), (4,)])
        yield loss("TripletMarginLoss", {"p": 1.0, **given}, [(3, 4), (3, 4), (3, 4)])
        yield loss("MultiLabelMarginLoss", given, [(5,), Input((5,), -1, 5, True)])
    yield loss("CrossEntropyLoss", {"weight": [1.0, 2.0]}, [(4,), Input((), 0, 4, True)])
    yield loss("CrossEntropyLoss", {"reduction": "median"}, [(4,), Input((), 0, 4, True)])
    yield loss("NLLLoss", {"weight": [1.0, 2.0]}, [(4,), Input((), 0, 4, True)])
    yield loss("BCELoss", {}, [Input((4,), 0, 1), Input((3,), 0, 1)])
    yield loss("BCEWithLogitsLoss", {"weight": [1.0, 2.0]}, [Input((4,), 0, 1), Input((4,), 0, 1)])
    yield loss("HuberLoss", {"delta": 0.0}, [(4,), (4,)])
    yield loss("MSELoss", {}, [(4,), (3,)])
    yield loss("MultiMarginLoss", {"p": 3}, [(4,), Input((), 0, 4, True)])
