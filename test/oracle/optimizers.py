# Records how PyTorch's optimizers move one weight: python test/oracle/optimizers.py

import json
from pathlib import Path

import torch

CASES = [
    ("SGD", dict(lr=0.1)),
    ("SGD", dict(lr=0.1, momentum=0.9)),
    ("SGD", dict(lr=0.1, momentum=0.9, dampening=0.5)),
    ("SGD", dict(lr=0.1, momentum=0.9, nesterov=True)),
    ("SGD", dict(lr=0.1, momentum=0.5, weight_decay=0.1)),
    ("Adam", dict(lr=0.01)),
    ("Adam", dict(lr=0.01, eps=1)),
    ("Adam", dict(lr=0.01, betas=[0.5, 0.9], weight_decay=0.1)),
    ("Adam", dict(lr=0.01, amsgrad=True)),
    ("AdamW", dict(lr=0.01, weight_decay=0.2)),
    ("RMSprop", dict(lr=0.01)),
    ("RMSprop", dict(lr=0.01, alpha=0.9, momentum=0.9, weight_decay=0.1)),
    ("Adagrad", dict(lr=0.1, weight_decay=0.1)),
]
GRADIENTS = [0.5, 0.5, -2.0, 0.01, 1.0, 3.0, -0.25, 0.5]


def record(name, arguments):
    weight = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, name)([weight], **arguments)
    values = []
    for gradient in GRADIENTS:
        weight.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        values.append(weight.item())
    return dict(name=name, arguments=arguments, start=1.5, gradients=GRADIENTS, values=values)


path = Path(__file__).with_suffix(".json")
path.write_text("[\n" + ",\n".join(json.dumps(record(*case)) for case in CASES) + "\n]\n")
