"""The nearest codeword with the codebook's statistics, compared with other implementations.

    python benchmarks/nearest_codeword.py [--device cuda]

A training step of ours computes codes, codewords and moving averages, as the training forward of
vector-quantize-pytorch does, which must be installed. The bare matrix product, whole and in pieces
that fit into the cache, is a lower bound: it does not find the nearest codeword.
"""

import argparse

import torch
from side_by_side import side_by_side
from vector_quantize_pytorch import VectorQuantize

from samplebench import seeded
from samplebench_quantized.nearest import count_and_sum, find_nearest
from samplebench_quantized.vector_quantiser import VectorQuantiser

POINTS, CHANNELS, PIECE = 32_768, 64, 2**21


def compare(codes: int, device: str) -> None:
    """Print the comparison for one size of codebook."""
    with seeded(0, "sites"):
        sites = torch.randn(1, POINTS, CHANNELS, device=device)
        ours = VectorQuantiser(codes=codes, channels=CHANNELS).to(device)
        theirs = VectorQuantize(CHANNELS, codes, decay=0.99).to(device)
    points, rows = sites[0], PIECE // codes
    piece = torch.empty(rows, codes, device=device)

    def multiply_in_pieces() -> None:
        for chunk in torch.split(points, rows):
            torch.mm(chunk, ours.codebook.T, out=piece[: len(chunk)])

    with torch.no_grad():
        side_by_side(
            f"{POINTS:,} points, {CHANNELS} channels, {codes:,} codes",
            {
                "samplebench, training forward": lambda: ours(sites),
                "samplebench, codes and statistics": lambda: count_and_sum(
                    points, find_nearest(points, ours.codebook), codes
                ),
                "vector-quantize-pytorch, the same": lambda: theirs(sites),
                "cdist and argmin": lambda: torch.cdist(points, ours.codebook).argmin(1),
                "bare matrix product": lambda: points @ ours.codebook.T,
                "bare matrix product in pieces": multiply_in_pieces,
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
