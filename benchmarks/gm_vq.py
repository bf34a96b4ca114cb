"""Soft assignments to a codebook, forward and backward, beside the textbook way.

    python benchmarks/gm_vq.py [--device cuda]

Both give what the training steps of GM-VQ and SQ-VAE need: the codewords mixed by Gumbel-softmax
weights and their mean squared distance, the posterior's mean squared distance and entropy, and its
mean over the batch. The textbook way writes each formula down as PyTorch has it, and lets autograd
keep what it needs.
"""

import argparse

import torch
from side_by_side import side_by_side
from torch import Tensor
from torch.nn import functional

from samplebench import seeded
from samplebench_quantized.relaxed_assignment import assign_softly

POINTS, CHANNELS, SCALE, TEMPERATURE = 8_192, 64, 0.05, 0.7

Sums = tuple[Tensor, ...]


def textbook(points: Tensor, codebook: Tensor, scale: Tensor, temperature: Tensor) -> Sums:
    lengths, squares = points.square().sum(1, keepdim=True), codebook.square().sum(1)
    return _sums(lengths + squares - 2 * points @ codebook.T, codebook, scale, temperature)


def by_cdist(points: Tensor, codebook: Tensor, scale: Tensor, temperature: Tensor) -> Sums:
    return _sums(torch.cdist(points, codebook).square(), codebook, scale, temperature)


def _sums(distances: Tensor, codebook: Tensor, scale: Tensor, temperature: Tensor) -> Sums:
    logits = -scale * distances
    weights = functional.gumbel_softmax(logits, tau=temperature)
    posterior = logits.softmax(1)
    return (
        weights @ codebook,
        (weights * distances).sum(1),
        (posterior * distances).sum(1),
        -(posterior * logits.log_softmax(1)).sum(1),
        posterior.mean(0),
    )


def ours(points: Tensor, codebook: Tensor, scale: Tensor, temperature: Tensor) -> Sums:
    return assign_softly(points, codebook, scale=scale, temperature=temperature)


def compare(codes: int, device: str) -> None:
    """Print ours beside the textbook, for one size of codebook."""
    with seeded(0, "sites"):
        points = torch.randn(POINTS, CHANNELS, device=device, requires_grad=True)
        codebook = torch.randn(codes, CHANNELS, device=device, requires_grad=True)
        noise = torch.randn(POINTS, CHANNELS, device=device)
    scale, temperature = (torch.tensor(x, device=device) for x in (SCALE, TEMPERATURE))

    def step(way) -> None:
        drawn, spread, distance, entropy, shares = way(points, codebook, scale, temperature)
        noisy = drawn + (scale * spread / CHANNELS).sqrt()[:, None] * noise
        loss = noisy.square().mean() + (distance - entropy).mean()
        loss = loss - torch.special.entr(shares).sum()
        torch.autograd.grad(loss, [points, codebook])

    compiled = torch.compile(textbook)
    side_by_side(
        f"{POINTS:,} points, {CHANNELS} channels, {codes:,} codes, forward and backward",
        {
            "samplebench": lambda: step(ours),
            "gumbel_softmax and autograd": lambda: step(textbook),
            "the same, distances by cdist": lambda: step(by_cdist),
            "the first, compiled": lambda: step(compiled),
        },
        device,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    device = parser.parse_args().device
    for codes in (1_024, 4_096):
        compare(codes, device)


if __name__ == "__main__":
    main()
