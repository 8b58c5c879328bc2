"""Records the derivatives that PyTorch takes at kinks: python kinks.py

Each case is an expression of x in the language and in PyTorch; its derivative is that of the sum, by every entry of x.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

POINTS = [0, 1, -1, 0.5, -0.5, 3, -3, 6, 0.25, 2, -2]
ONES = torch.ones(len(POINTS))
CASES = {
    "relu(x)": F.relu,
    "leaky_relu(x, 0.1)": lambda x: F.leaky_relu(x, 0.1),
    "leaky_relu(x, -0.5)": lambda x: F.leaky_relu(x, -0.5),
    "x -> PReLU": lambda x: F.prelu(x, torch.tensor([0.25])),
    "relu6(x)": F.relu6,
    "elu(x)": F.elu,
    "elu(x, 2)": lambda x: F.elu(x, 2.0),
    "selu(x)": F.selu,
    "celu(x, 2)": lambda x: F.celu(x, 2.0),
    "hardswish(x)": F.hardswish,
    "hardsigmoid(x)": F.hardsigmoid,
    "hardshrink(x)": F.hardshrink,
    "softshrink(x)": F.softshrink,
    "threshold(x, 0.5, 2)": lambda x: F.threshold(x, 0.5, 2.0),
    "hardtanh(x)": F.hardtanh,
    "hardtanh(x, -0.5, 2)": lambda x: F.hardtanh(x, -0.5, 2.0),
    "softsign(x)": F.softsign,
    "abs(x)": torch.abs,
    "sign(x)": torch.sign,
    "clamp(x, -1, 1)": lambda x: x.clamp(-1, 1),
    "clamp(x, min = 0)": lambda x: x.clamp(min=0),
    "clamp(x, max = 1)": lambda x: x.clamp(max=1),
    "maximum(x, 0)": lambda x: torch.maximum(x, 0 * ONES),
    "minimum(x, 1)": lambda x: torch.minimum(x, ONES),
    "maximum(x, 0.1 * x)": lambda x: torch.maximum(x, 0.1 * x),
    "where(x > 0, x, 0)": lambda x: torch.where(x > 0, x, 0 * x),
    "x % 1": lambda x: torch.remainder(x, ONES),
    "abs(x) ^ 1.5": lambda x: x.abs() ** 1.5,
    "x ^ 0": lambda x: x**0,
    "prod(stack_dims(x, x - 1), dim = 0)": lambda x: torch.stack([x, x - 1]).prod(0),
    "norm(stack_dims(x, 0 * x), dim = 0)": lambda x: torch.linalg.vector_norm(torch.stack([x, 0 * x]), 2, 0),
    "norm(stack_dims(x, 0 * x), p = 1, dim = 0)": lambda x: torch.linalg.vector_norm(torch.stack([x, 0 * x]), 1, 0),
    "x[none, :, none] -> LPPool2d(2, 1) -> Flatten": lambda x: F.lp_pool2d(x[None, :, None], 2, 1).flatten(),
    "stack_dims(x, 0 * x, dim = 1)[none] -> LPPool2d(4, [1, 2]) -> Flatten": lambda x: F.lp_pool2d(torch.stack([x, 0 * x], 1)[None], 4, (1, 2)).flatten(),
    "l1_loss(x, 0 * x, reduction = \"none\")": lambda x: F.l1_loss(x, 0 * x, reduction="none"),
    "smooth_l1_loss(x, 0 * x, reduction = \"none\")": lambda x: F.smooth_l1_loss(x, 0 * x, reduction="none"),
    "huber_loss(x, 0 * x, reduction = \"none\", delta = 2)": lambda x: F.huber_loss(x, 0 * x, reduction="none", delta=2.0),
    "hinge_embedding_loss(x, -ones([11]), reduction = \"none\")": lambda x: F.hinge_embedding_loss(x, -ONES, reduction="none"),
    "margin_ranking_loss(x, 0 * x, ones([11]), margin = 0.5, reduction = \"none\")": lambda x: F.margin_ranking_loss(x, 0 * x, ONES, margin=0.5, reduction="none"),
}


def main():
    cases = []
    for text, function in CASES.items():
        x = torch.tensor([float(point) for point in POINTS], requires_grad=True)
        (derivative,) = torch.autograd.grad(function(x).sum(), [x], allow_unused=True)
        # In float64 PyTorch's hardsigmoid has a sixth of single precision.
        cases.append({"expression": text, "derivatives": [0.0] * len(POINTS) if derivative is None else [round(value, 7) for value in derivative.tolist()]})
    lines = ",\n".join(json.dumps(case) for case in cases)
    path = pathlib.Path(__file__).parent / "kinks.json"
    path.write_text(f'{{"torch": "{torch.__version__}", "points": {json.dumps(POINTS)}, "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
