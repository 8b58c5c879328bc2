"""One measurement in PyTorch, float64 and one thread: prints a line of JSON. Times are of the processor, in milliseconds."""

import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)


def measure(work, warm=5, rounds=15):
    for _ in range(warm):
        work()
    cpu, wall = [], []
    for _ in range(rounds):
        c, w = time.process_time(), time.perf_counter()
        work()
        cpu.append(1e3 * (time.process_time() - c))
        wall.append(1e3 * (time.perf_counter() - w))
    return {"cpu": sorted(cpu)[rounds // 2], "wall": sorted(wall)[rounds // 2]}


def exam():
    net = nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.BatchNorm2d(32), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(64), nn.MaxPool2d(2),
        nn.Conv2d(64, 100, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(100, 10),
    )
    x, y = torch.randn(2, 3, 32, 32), torch.randint(0, 10, (2,))
    names = [name for name, _ in net.named_parameters()]
    parameters = tuple(p.detach().clone().requires_grad_() for p in net.parameters())
    return lambda *ps: F.cross_entropy(torch.func.functional_call(net, dict(zip(names, ps)), (x,)), y), parameters


def gradcheck(fast):
    loss, parameters = exam()
    cpu, wall = time.process_time(), time.perf_counter()
    ok = torch.autograd.gradcheck(loss, parameters, fast_mode=fast, raise_exception=False)
    return {"cpu": 1e3 * (time.process_time() - cpu), "wall": 1e3 * (time.perf_counter() - wall), "ok": ok}


def conv(batch, channels, outputs, kernel, size):
    x = torch.randn(batch, channels, size, size, requires_grad=True)
    w = torch.randn(outputs, channels, kernel, kernel, requires_grad=True)
    b = torch.randn(outputs, requires_grad=True)
    g = torch.ones_like(F.conv2d(x, w, b, padding=kernel // 2))
    return measure(lambda: torch.autograd.grad(F.conv2d(x, w, b, padding=kernel // 2), [x, w, b], g), 10, 21)


class Block(nn.Module):
    def __init__(self, channels, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs),
        )
        self.skip = nn.Sequential(nn.Conv2d(channels, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)) if stride != 1 or channels != outputs else nn.Identity()

    def forward(self, x):
        return F.relu(self.body(x) + self.skip(x))


def resnet18():
    blocks = [Block(c, o, s) for c, o, s in [(64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1)]]
    return nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1), *blocks,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000),
    )


def directional(net, x, rounds):
    parameters = list(net.parameters())
    with torch.no_grad():
        weights = torch.randn_like(net(x))

    def loss():
        return (net(x) * weights).sum()

    def work():
        torch.autograd.grad(loss(), parameters)
        with torch.no_grad():
            signs = [torch.randint(0, 2, p.shape).to(p.dtype).mul_(2).sub_(1) for p in parameters]
            for step in (1e-6, -2e-6):
                for p, s in zip(parameters, signs):
                    p.add_(s, alpha=step)
                loss()
            for p, s in zip(parameters, signs):
                p.add_(s, alpha=1e-6)

    return measure(work, 1, rounds)


def gemm():
    a, b = torch.full((512, 512), 1.5), torch.full((512, 512), 1.5)
    return measure(lambda: a @ b, 10, 21)


def exam_forward():
    loss, parameters = exam()
    with torch.no_grad():
        return measure(lambda: loss(*parameters), 20, 41)


def exam_gradient():
    loss, parameters = exam()
    return measure(lambda: torch.autograd.grad(loss(*parameters), parameters), 20, 41)


def transformer():
    layer = nn.TransformerEncoderLayer(256, 4, 1024, dropout=0, batch_first=True)
    return directional(nn.TransformerEncoder(layer, 4, enable_nested_tensor=False), torch.randn(2, 64, 256), 5)


CASES = {
    "version": lambda: {"version": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()},
    "gemm": gemm,
    "conv A": lambda: conv(2, 3, 32, 5, 32),
    "conv B": lambda: conv(2, 32, 64, 3, 16),
    "conv C": lambda: conv(1, 64, 64, 3, 56),
    "exam forward": exam_forward,
    "exam gradient": exam_gradient,
    "exam full check": lambda: gradcheck(False),
    "exam fast check": lambda: gradcheck(True),
    "resnet18 32": lambda: directional(resnet18(), torch.randn(2, 3, 32, 32), 5),
    "resnet18 224": lambda: directional(resnet18(), torch.randn(1, 3, 224, 224), 3),
    "transformer": transformer,
}

print(json.dumps(CASES[sys.argv[1]]()))
