"""Evaluates the PyTorch forms in ../torch-forms.json, and notes that they give the recorded results: python forms.py

Layers that draw random numbers are compared by their shapes, losses by their mean over the batch.
"""

import hashlib
import json
import pathlib
import sys

import torch
from torch import nn  # noqa: F401, for the forms
from torch.nn import functional as F  # noqa: F401
from torch.nn.attention import SDPBackend, sdpa_kernel

from record import Input, as_list, projections, samples, uniform

RANDOM = {"DropPath", "RReLU", "SpectralNorm", "FeatureAlphaDropout", "AlphaDropout"}
#: The inputs by the names that the forms use.
NAMES = {
    "Bilinear": ["input1", "input2"], "CosineSimilarity": ["x1", "x2"], "PairwiseDistance": ["x1", "x2"], "MultiheadAttention": ["query", "key", "value"], "TransformerEncoderLayer": ["src"],
    "TransformerDecoderLayer": ["tgt", "memory"], "MarginRankingLoss": ["input1", "input2", "target"], "CosineEmbeddingLoss": ["input1", "input2", "target"],
    "TripletMarginLoss": ["anchor", "positive", "negative"], "GaussianNLLLoss": ["input", "target", "var"], "LSTMCell": ["input", "hx", "cx"], "MaxUnpool1d": ["input", "indices"],
}
NAMES |= {
    "where": ["condition", "input", "other"], "dot": ["input", "other"], "matmul": ["input", "other"], "cosine_similarity": ["x1", "x2"], "gaussian_nll_loss": ["input", "target", "var"],
    "margin_ranking_loss": ["input1", "input2", "target"], "cosine_embedding_loss": ["input1", "input2", "target"], "triplet_margin_loss": ["anchor", "positive", "negative"],
    "concat": list("abcdefgh"), "stack_dims": list("abcdefgh"), "einsum": list("abcdefgh"),
}
OPERATORS = [
    "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or",
]
NAMES.update((name, ["input", "other"]) for name in OPERATORS)
#: These have no batch.
SOURCES = {"arange", "zeros", "ones", "tensor"}
#: Their targets are floats for PyTorch.
FLOATS = {"SoftMarginLoss", "soft_margin_loss", "poisson_nll_loss", "binary_cross_entropy"}
NAMES["MaxUnpool2d"] = NAMES["MaxUnpool3d"] = NAMES["MaxUnpool1d"]
RECURRENT = {"RNN": ["input", "h_0"], "GRU": ["input", "h_0"], "LSTM": ["input", "h_0", "c_0"]}
CELLS = {"RNNCell": ["input", "hx"], "GRUCell": ["input", "hx"]}


def drawn(written, seed, batch):
    if isinstance(written, dict):
        return Input(tuple(written["shape"]), **{key: value for key, value in written.items() if key != "shape"}).draw(seed, batch)
    return Input(tuple(written)).draw(seed, batch)


def revived(numbers):
    return [float(number) for number in numbers]


def close(a, b):
    return len(a) == len(b) and all(abs(x - y) <= 1e-8 * max(1.0, abs(x), abs(y)) or x != x and y != y or x == y for x, y in zip(a, b))


def wrong(form, case):
    name, batch = case["name"], case.get("batch", 2)
    values = [drawn(each, index + 1, batch) for index, each in enumerate(case["inputs"])]
    scope = {"torch": torch, "nn": nn, "F": F}
    names = NAMES.get(name) or CELLS.get(name) or RECURRENT.get(name) or ["input", "target", "weight"]
    if name == "index":
        names = ["input", *(["indices"] if len(values) == 2 else [f"indices_{k}" for k in range(1, len(values))])]
    if name in FLOATS:
        values[1] = values[1].double()
    if name == "binary_cross_entropy":
        values[0] = values[0].double()
    scope.update(zip(names, values))
    if "module" in form:
        module = scope["layer"] = eval(form["module"], scope)
        for index, (_, parameter) in enumerate(module.named_parameters()):
            with torch.no_grad():
                parameter.copy_(uniform(101 + index, parameter.numel()).reshape(parameter.shape) / 2)
        found = [[each, *parameter.shape] for each, parameter in module.named_parameters()]
        if found != case.get("parameters", []):
            return f"parameters {found}"
    torch.manual_seed(7)
    with sdpa_kernel(SDPBackend.MATH):
        outputs = as_list(eval(form["call"], scope))
    if len(outputs) != len(case["shapes"]):
        return f"{len(outputs)} outputs"
    for place, (output, shape, recorded) in enumerate(zip(outputs, case["shapes"], case["values"])):
        # The states of recurrent layers have the batch second; a loss is one number for the whole batch.
        if name in RECURRENT and place > 0:
            output = output.transpose(0, 1)
        if name in SOURCES:
            output = output.expand(batch, *output.shape)
        if output.dim() == 0 and shape == []:
            each = revived(recorded)[2:]
            share = sum(each) / len(each)
            if not close([float(output)], [share]):
                return f"{float(output)} instead of {share}"
            continue
        if list(output.shape) != [batch, *shape]:
            return f"shape {list(output.shape)}"
        if name not in RANDOM and not close([*projections(output), *samples(output)], revived(recorded)):
            return "other values"
    return None


def main():
    here = pathlib.Path(__file__).parent
    path = here.parent / "torch-forms.json"
    text = path.read_text()
    forms = json.loads(text)
    families = {}
    failures = 0
    for form in forms:
        cases = families.setdefault(form["family"], json.loads((here / f"{form['family']}.json").read_text())["cases"])
        case = cases[form["index"]]
        try:
            problem = wrong(form, case)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}".splitlines()[0]
        if problem:
            failures += 1
            print(case["name"], case["given"], case["inputs"], form.get("module"), form["call"], "->", problem[:200])
    if failures:
        sys.exit(f"{failures} of {len(forms)} forms do not agree")
    (here.parent / "torch-forms.evaluated").write_text(f"{torch.__version__} {hashlib.sha256(text.encode()).hexdigest()} {len(forms)}\n")
    print(f"{len(forms)} forms agree")


if __name__ == "__main__":
    main()
