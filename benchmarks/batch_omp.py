"""Sparse codes by orthogonal matching pursuit, beside peers.

    python benchmarks/batch_omp.py [--device cuda]

All get the same signals and dictionary. scikit-learn codes one signal after another on the CPU, so
it gets fewer of them; the last line says by what its ratio counts per signal.
"""

import argparse

import torch
from side_by_side import side_by_side
from sklearn.linear_model import orthogonal_mp_gram
from torch.nn import functional

from samplebench import seeded
from samplebench_dictionary.batch_omp import batch_omp

SIGNALS, ATOMS, REALS, CHUNK, FEWER = 32_768, 512, 64, 2_048, 1_024


def least_squares_loop(signals: torch.Tensor, dictionary: torch.Tensor, active: int) -> None:
    """What one writes first: at each step the residual, its best atom, and least squares."""
    for some in torch.split(signals, CHUNK):
        residual, found = some, some.new_empty(len(some), 0, dtype=torch.int64)
        for _ in range(active):
            scores = (residual @ dictionary.T).abs().scatter_(1, found, -1.0)
            found = torch.cat([found, scores.argmax(1, keepdim=True)], 1)
            atoms = dictionary[found].mT  # (signals, reals, atoms)
            solved = torch.linalg.lstsq(atoms, some[..., None]).solution
            residual = some - (atoms @ solved)[..., 0]


def compare(active: int, device: str) -> None:
    """Print ours beside theirs for one number of active atoms."""
    with seeded(0, "signals"):
        signals = torch.randn(SIGNALS, REALS, device=device)
        dictionary = functional.normalize(torch.randn(ATOMS, REALS, device=device))
    gram = (dictionary @ dictionary.T).double().cpu().numpy()
    correlations = (dictionary @ signals[:FEWER].T).double().cpu().numpy()
    side_by_side(
        f"{SIGNALS:,} signals of {REALS} reals, {ATOMS} atoms, {active} active",
        {
            "samplebench": lambda: batch_omp(signals, dictionary, active),
            "least squares at each step": lambda: least_squares_loop(signals, dictionary, active),
            f"scikit-learn, {FEWER:,} of the signals": lambda: orthogonal_mp_gram(
                gram, correlations, n_nonzero_coefs=active
            ),
        },
        device,
    )
    print(f"  a signal of scikit-learn's: {SIGNALS // FEWER} times that ratio")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    device = parser.parse_args().device
    for active in (4, 8):
        compare(active, device)


if __name__ == "__main__":
    main()
