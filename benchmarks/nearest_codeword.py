"""The nearest codeword with the codebook's statistics, beside peers.

    python benchmarks/nearest_codeword.py [--device cuda]

Ours does what a training step does to a codebook: codes, codewords, and moving averages. Needs
vector-quantize-pytorch, whose training forward does the same. The bare matrix product, whole and
in pieces that stay in the cache, is the floor: it finds nothing.
"""

import argparse

import torch
from side_by_side import side_by_side
from vector_quantize_pytorch import VectorQuantize

from samplebench import seeded
from samplebench_quantized.nearest import nearest, statistics
from samplebench_quantized.vector_quantiser import VectorQuantiser

POINTS, CHANNELS, PIECE = 32_768, 64, 2**21


def compare(codes: int, device: str) -> None:
    """Print a training forward of ours beside theirs and the product, for one size of codebook."""
    with seeded(0, "sites"):
        sites = torch.randn(1, POINTS, CHANNELS, device=device)
        ours = VectorQuantiser(codes, CHANNELS).to(device)
        theirs = VectorQuantize(CHANNELS, codes, decay=0.99).to(device)
    points, rows = sites[0], PIECE // codes
    piece = torch.empty(rows, codes, device=device)

    def in_pieces() -> None:
        for some in torch.split(points, rows):
            torch.mm(some, ours.codebook.T, out=piece[: len(some)])

    with torch.no_grad():
        side_by_side(
            f"{POINTS:,} points, {CHANNELS} channels, {codes:,} codes",
            {
                "samplebench, training forward": lambda: ours(sites),
                "samplebench, codes and statistics": lambda: statistics(
                    points, nearest(points, ours.codebook), codes
                ),
                "vector-quantize-pytorch, the same": lambda: theirs(sites),
                "cdist and argmin": lambda: torch.cdist(points, ours.codebook).argmin(1),
                "bare matrix product": lambda: points @ ours.codebook.T,
                "bare matrix product in pieces": in_pieces,
            },
            device,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    device = parser.parse_args().device
    for codes in (512, 8_192):
        compare(codes, device)


if __name__ == "__main__":
    main()
