"""Records which tensors PyTorch's autograd saves for the backward pass of each layer: python saved.py; it writes ../saved.json."""

import json
import pathlib

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from forms import CELLS, NAMES, RECURRENT, drawn
from record import as_list

HERE = pathlib.Path(__file__).parent


def kinds(form, case):
    name = case["name"]
    values = [drawn(each, index + 1, case.get("batch", 2)) for index, each in enumerate(case["inputs"])]
    values = [value.requires_grad_() if value.is_floating_point() else value for value in values]
    names = NAMES.get(name) or CELLS.get(name) or RECURRENT.get(name) or ["input", "target", "weight"]
    scope = {"torch": torch, "nn": nn, "F": F, **dict(zip(names, values))}
    parameters = set()
    if "module" in form:
        scope["layer"] = eval(form["module"], scope)
        parameters = {each.untyped_storage().data_ptr() for each in scope["layer"].parameters()}
    kept = []

    def pack(tensor):
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), sdpa_kernel(SDPBackend.MATH):
        outputs = as_list(eval(form["call"], scope))
    inputs = {value.untyped_storage().data_ptr(): name for name, value in zip(names, values)}
    results = {each.untyped_storage().data_ptr() for each in outputs}
    found = set()
    for tensor in kept:
        place = tensor.untyped_storage().data_ptr()
        found.add("weight" if place in parameters else f"input {inputs[place]}" if place in inputs else "output" if place in results else f"further {list(tensor.shape)}")
    return sorted(found)


def main():
    found = {}
    for form in json.loads((HERE.parent / "torch-forms.json").read_text()):
        # One application stands for each entry.
        if form["name"] not in found:
            found[form["name"]] = kinds(form, json.loads((HERE / f"{form['family']}.json").read_text())["cases"][form["index"]])
    (HERE.parent / "saved.json").write_text("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(each)}" for name, each in found.items()) + "\n}\n")


if __name__ == "__main__":
    main()
