"""Finds how often each statistic of copying marks a sampler, and writes the table of copying.md.

`python docs/simulations/copying.py` takes a few minutes of one processor core.
"""

import argparse
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from samplebench import seeded
from samplebench_metrics.compared import Compared
from samplebench_metrics.copying import (
    bound_attachment,
    bound_excess,
    compute_z,
    find_close,
    find_near_copies,
)
from samplebench_metrics.near_copies import NearCopies
from samplebench_metrics.neighbours import find_neighbours

PAGE = Path(__file__).parents[1] / "copying.md"
TRAIN, OTHERS = 1200, 600
"""As many samples as the suite `digits` has."""

Draw = Callable[[Tensor, Tensor, float], Tensor]
"""Draws from training samples, fresh samples and the mean distance between neighbours."""


def copies(share: float, width: float = 1.0) -> Draw:
    """Copy a share exactly; draw the rest from a Gaussian, ``width`` times as wide."""

    def draw(train: Tensor, fresh: Tensor, spacing: float) -> Tensor:
        count = round(share * len(fresh))
        return torch.cat([_choose(train, count), width * fresh[count:]])

    return draw


def noisy(size: float) -> Draw:
    """Copy everything, with noise of ``size`` times the distance between neighbours."""

    def draw(train: Tensor, fresh: Tensor, spacing: float) -> Tensor:
        noise = torch.randn_like(fresh) * size * spacing / fresh.shape[1] ** 0.5
        return _choose(train, len(fresh)) + noise

    return draw


def scaled(by: float) -> Draw:
    """Draw from the true distribution, and shrink or stretch it about its mean."""
    return lambda train, fresh, spacing: by * fresh


def fitted(train: Tensor, fresh: Tensor, spacing: float) -> Tensor:
    """Draw from a Gaussian fitted to the training samples."""
    factor = torch.linalg.cholesky(torch.cov(train.T).reshape(train.shape[1], -1))
    return train.mean(0) + fresh @ factor.T


CASES: dict[str, Draw] = {
    "the true distribution": scaled(1.0),
    "a Gaussian fitted to the training samples": fitted,
    "shrunk by 0.9": scaled(0.9),
    "shrunk by 0.8": scaled(0.8),
    "shrunk by 0.5": scaled(0.5),
    "stretched by 1.25": scaled(1.25),
    "2 % exact copies": copies(0.02),
    "5 % exact copies": copies(0.05),
    "10 % exact copies": copies(0.1),
    "40 % exact copies": copies(0.4),
    "40 % exact copies, the rest stretched by 1.4": copies(0.4, width=1.4),
    "copies + noise of 0.1 spacings": noisy(0.1),
    "copies + noise of 0.3 spacings": noisy(0.3),
    "copies + noise of 0.5 spacings": noisy(0.5),
    "copies + noise of 0.7 spacings": noisy(0.7),
    "copies + noise of 1.0 spacings": noisy(1.0),
    "copies + noise of 1.5 spacings": noisy(1.5),
}
STATISTICS = ("authenticity < 0.8 ×", "C_T < −3", "near copies", "closer", "either: ‡")


def find_marks(these: Compared) -> tuple[bool, ...]:
    """Say which of ``STATISTICS`` marks these draws; C_T has one cell here."""
    ours, theirs = (find_close(some, these.train) for some in (these.drawn, these.held_out))
    distances = (
        find_neighbours(some, these.train).first for some in (these.drawn, these.held_out)
    )
    near = bound_excess(*find_near_copies(these.drawn, these.held_out, these.train))
    attached = bound_attachment(these.drawn, these.held_out, these.train)
    closer = min(bound_excess(ours, theirs), attached)
    limit = NearCopies.alarm
    return (
        float((~ours).double().mean()) < 0.8 * float((~theirs).double().mean()),
        compute_z(*distances) < -3,
        near > limit,
        closer > limit,
        max(near, closer) > limit,
    )


def simulate(case: str, dimensions: int, runs: int, train: int, others: int) -> list[float]:
    """The share of runs in which each statistic marks the draws of a case."""
    marks = []
    for run in range(runs):
        with seeded(run, "copying", case, str(dimensions)):
            known, held_out, fresh = torch.randn(train + 2 * others, dimensions).split(
                [train, others, others]
            )
            spacing = _measure_spacing(known)
            drawn = CASES[case](known, fresh, spacing)
            marks.append(find_marks(Compared(drawn, held_out, known)))
    return torch.tensor(marks).double().mean(0).tolist()


def simulate_decoder(runs: int, train: int, others: int, *, decoded: bool) -> list[float]:
    """The same for copies with noise in the 9 of 16 directions that a decoder ignores."""
    marks = []
    for run in range(runs):
        with seeded(run, "copying", "flat directions"):
            weights = torch.randn(7, 64) / 7**0.5
            samples = torch.randn(train + 2 * others, 16)
            samples[:, 7:] *= 0.1
            known, held_out, fresh = samples.split([train, others, others])
            drawn = _choose(known, others)
            drawn[:, 7:] += 10 * fresh[:, 7:]
            three = [drawn, held_out, known]
            if decoded:
                three = [torch.tanh(some[:, :7] @ weights) for some in three]
            marks.append(find_marks(Compared(*three)))
    return torch.tensor(marks).double().mean(0).tolist()


def make_table(runs: int = 100, train: int = TRAIN, others: int = OTHERS) -> str:
    """Simulate every case, and write the table: percentages of runs."""
    lines = ["| D | draws | " + " | ".join(STATISTICS) + " |", "|--:|:--|" + "--:|" * 5]
    lines += [_line(*row) for row in _simulate_all(runs, train, others)]
    return "\n".join(lines)


def _simulate_all(runs: int, train: int, others: int) -> Iterator[tuple[int, str, list[float]]]:
    for dimensions in (2, 8, 32):
        for case in CASES:
            yield dimensions, case, simulate(case, dimensions, runs, train, others)
    for decoded in (False, True):
        name = f"copies + noise that a decoder ignores: {'decoded' if decoded else 'latents'}"
        yield 16, name, simulate_decoder(runs, train, others, decoded=decoded)


def _line(dimensions: int, case: str, shares: list[float]) -> str:
    return f"| {dimensions} | {case} | {' | '.join(f'{100 * share:.0f}' for share in shares)} |"


def _choose(train: Tensor, count: int) -> Tensor:
    return train[torch.randint(len(train), (count,))]


def _measure_spacing(train: Tensor) -> float:
    numbers = torch.arange(len(train))
    return float(find_neighbours(train, train, excluded=numbers).first.sqrt().mean())


def put(table: str, page: str) -> str:
    """The page with this table between its markers."""
    return re.sub(
        r"(<!-- simulation: [^>]*-->\n).*?(<!-- /simulation -->)",
        lambda match: f"{match[1]}\n{table}\n\n{match[2]}",
        page,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    text = put(make_table(parser.parse_args().runs), PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(text, encoding="utf-8")
