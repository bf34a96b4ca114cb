"""Soft assignments to a codebook, forward and backward, compared with the textbook version.

    python benchmarks/gm_vq.py [--device cuda]

Both compute the terms of a training step of GM-VQ and SQ-VAE: the codewords mixed by
Gumbel-softmax weights and their mean squared distance, the posterior's mean squared distance and
entropy, and its mean over the batch. The textbook version calls the PyTorch function for each
formula, and leaves the backward pass to autograd.
"""

import argparse

import torch
from side_by_side import side_by_side
from torch import Tensor
from torch.nn import functional

from samplebench import seeded
from samplebench_quantized.relaxed_assignment import relaxed_assignment

POINTS, CHANNELS, SCALE, TEMPERATURE = 8_192, 64, 0.05, 0.7

Sums = tuple[Tensor, ...]


def assign_textbook(points: Tensor, codebook: Tensor, scale: Tensor, temperature: Tensor) -> Sums:
    lengths, squares = points.square().sum(1, keepdim=True), codebook.square().sum(1)
    return _sum_terms(lengths + squares - 2 * points @ codebook.T, codebook, scale, temperature)


def assign_by_cdist(points: Tensor, codebook: Tensor, scale: Tensor, temperature: Tensor) -> Sums:
    return _sum_terms(torch.cdist(points, codebook).square(), codebook, scale, temperature)


def _sum_terms(distances: Tensor, codebook: Tensor, scale: Tensor, temperature: Tensor) -> Sums:
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


def assign(points: Tensor, codebook: Tensor, scale: Tensor, temperature: Tensor) -> Sums:
    return relaxed_assignment(points, codebook, scale, temperature)


def compare(codes: int, device: str) -> None:
    """Print the comparison for one size of codebook."""
    with seeded(0, "sites"):
        points = torch.randn(POINTS, CHANNELS, device=device, requires_grad=True)
        codebook = torch.randn(codes, CHANNELS, device=device, requires_grad=True)
        noise = torch.randn(POINTS, CHANNELS, device=device)
    scale, temperature = (torch.tensor(x, device=device) for x in (SCALE, TEMPERATURE))

    def step(method) -> None:
        mixed, variance, distance, entropy, usage = method(points, codebook, scale, temperature)
        noisy = mixed + (scale * variance / CHANNELS).sqrt()[:, None] * noise
        loss = noisy.square().mean() + (distance - entropy).mean()
        loss = loss - torch.special.entr(usage).sum()
        torch.autograd.grad(loss, [points, codebook])

    compiled = torch.compile(assign_textbook)
    side_by_side(
        f"{POINTS:,} points, {CHANNELS} channels, {codes:,} codes, forward and backward",
        {
            "samplebench": lambda: step(assign),
            "gumbel_softmax and autograd": lambda: step(assign_textbook),
            "the same, distances by cdist": lambda: step(assign_by_cdist),
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
