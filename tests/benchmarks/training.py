"""Rows S1 to S4: one step of all tensors of a model as an optimizer of PyTorch, against PyTorch's own."""

from __future__ import annotations

from functools import partial
from math import prod

from tests.benchmarks.rules import RULES, chosen
from tests.benchmarks.timing import Row, behind, interleaved, ratio, spread


def _residual_network():
    """Shapes of the 62 tensors of ResNet-18."""
    # With its normalisation.
    convolution = lambda wide, deep, size: [(wide, deep, size, size), (wide,), (wide,)]
    shapes, deep = convolution(64, 3, 7), 64
    for wide in (64, 128, 256, 512):
        shapes += convolution(wide, deep, 3) + convolution(wide, wide, 3)
        shapes += convolution(wide, deep, 1) if wide != deep else []
        shapes += convolution(wide, wide, 3) * 2
        deep = wide
    return [*shapes, (1000, 512), (1000,)]


def _transformer(wide=256, words=2000, layers=12):
    """Shapes of the 148 tensors of a decoder: embeddings, layers of attention and a network, normalisation."""
    attention = [(wide,), (wide,), (3 * wide, wide), (3 * wide,), (wide, wide), (wide,)]
    network = [(wide,), (wide,), (4 * wide, wide), (4 * wide,), (wide, 4 * wide), (wide,)]
    return [(words, wide), (128, wide), *(attention + network) * layers, (wide,), (wide,)]


SHAPES = {
    "1 x 2": [(2,)],
    "100 x 1,000": [(1000,)] * 100,
    "ResNet-18": _residual_network(),
    "transformer": _transformer(),
}
RATES = {"lr": 0.001}


def weights_of(shapes, kind):
    """Parameters with gradients, drawn once."""
    import torch

    drawn, dtype = torch.Generator().manual_seed(0), getattr(torch, kind)
    own = [torch.nn.Parameter(torch.randn(s, generator=drawn).to(dtype)) for s in shapes]
    for weight in own:
        weight.grad = torch.randn(weight.shape, generator=drawn).to(dtype)
    return own


def theirs(called, own, **options):
    """The step of PyTorch's own optimizer."""
    import torch

    if called == "Adam":
        return torch.optim.Adam(own, **RATES, **options).step
    return torch.optim.SGD(own, **RATES, momentum=0.9, **options).step


def ours(called, own):
    """The step of the rule as an optimizer of PyTorch."""
    from physsym import adapters

    return adapters.torch(RULES[called], own, **chosen(RULES[called])).step


def times_of(shapes, called, kind, rounds=7):
    """Times of all contenders, each with weights of its own."""
    own = partial(weights_of, SHAPES[shapes], kind)
    return interleaved({
        "ours": ours(called, own()), "fused": theirs(called, own(), fused=True),
        "foreach": theirs(called, own(), foreach=True), "default": theirs(called, own(), foreach=False),
    }, rounds)  # fmt: skip


# Of each row its lists of shapes, and for each type and rule the floor and the target.
GOALS = {
    "S1": (("100 x 1,000",), {("float32", "heavy ball"): (1.0, 0.81), ("float32", "Adam"): (0.8, 0.5)}),
    "S2": (("100 x 1,000",), {("bfloat16", "heavy ball"): (1.1, 0.87), ("bfloat16", "Adam"): (0.8, 0.55)}),
    "S3": (
        ("ResNet-18", "transformer"),
        {
            ("float32", "heavy ball"): (1.0, 0.8),
            ("float32", "Adam"): (1.0, 0.8),
            ("bfloat16", "heavy ball"): (1.3, 1.0),
            ("bfloat16", "Adam"): (1.0, 0.73),
        },
    ),
    "S4": (("1 x 2",), {("float32", "heavy ball"): (1.2, 0.7), ("float32", "Adam"): (1.2, 0.7)}),
}


def rows(numbers=tuple(GOALS)):
    """Yield rows S1 to S4."""
    import torch

    torch.set_num_threads(1)
    for number in numbers:
        lists, goals = GOALS[number]
        times = {(s, *key): times_of(s, *reversed(key)) for s in lists for key in goals}
        found = {key: ratio(t, "ours", "fused") for key, t in times.items()}
        told = "; ".join(f"{' '.join(key)} {spread(t, 'ours', 'fused')}" for key, t in times.items())
        others = "; ".join(
            f"{' '.join(key)} {ratio(t, 'foreach', 'fused'):.2f}, {ratio(t, 'default', 'fused'):.2f}"
            for key, t in times.items()
        )
        listed = lambda at, goals=goals: ", ".join(f"{' '.join(key)} {v[at]}" for key, v in goals.items())
        sizes = "; ".join(f"{s}: {sum(map(prod, SHAPES[s])):,} weights" for s in lists)
        yield Row(
            number, f"PyTorch, {', '.join(lists)}: time / torch fused", f"<= {listed(0)}", listed(1), told,
            all(value <= goals[key[1:]][0] for key, value in found.items()),
            f"torch foreach and default: {others} ({sizes})",
            behind=behind({" ".join(key): value <= goals[key[1:]][1] for key, value in found.items()}),
        )  # fmt: skip
