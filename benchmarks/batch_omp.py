"""Orthogonal matching pursuit compared with two other implementations.

    python benchmarks/batch_omp.py [--device cuda]

All get the same signals and dictionary. scikit-learn codes one signal at a time on the CPU, so it
gets fewer of them; the last line has the factor that converts its ratio into one per signal.
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
    """Code signals the textbook way: at each step the best atom, then least squares."""
    for chunk in torch.split(signals, CHUNK):
        residual, chosen = chunk, chunk.new_empty(len(chunk), 0, dtype=torch.int64)
        for _ in range(active):
            scores = (residual @ dictionary.T).abs().scatter_(1, chosen, -1.0)
            chosen = torch.cat([chosen, scores.argmax(1, keepdim=True)], 1)
            atoms = dictionary[chosen].mT  # (signals, reals, atoms)
            coefficients = torch.linalg.lstsq(atoms, chunk[..., None]).solution
            residual = chunk - (atoms @ coefficients)[..., 0]


def compare(active: int, device: str) -> None:
    """Print the comparison for one number of active atoms."""
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
    print(f"  scikit-learn per signal: {SIGNALS // FEWER} times its ratio")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    device = parser.parse_args().device
    for active in (4, 8):
        compare(active, device)


if __name__ == "__main__":
    main()
