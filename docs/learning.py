"""The table of docs/autoencoders.md: what every autoencoder makes of held-out images, beside what
a classical method does with as much room.

    python docs/learning.py --data-dir DIR

The autoencoders' figures are those of the records of the suite autoencoders-mnist; the yardsticks
are computed here, by scikit-learn, on the same images.
"""

import argparse
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplebench.contracts.latents import Continuous, LatentSpace, Sparse
from samplebench.pipeline.suite import load_suite
from samplebench.registry.loading import load_parts
from samplebench.results.record import Record
from samplebench.results.store import Store

ROOT = Path(__file__).parents[1]
SUITE, SHAPE = "autoencoders-mnist", (1, 28, 28)
WITH_PRIOR = {"vae", "beta-vae", "info-vae", "wae-mmd", "aae", "vamp-vae"}
"""Their loss asks the latents to follow a law, which costs reconstruction."""

Images = NDArray[np.float64]  # (images, height, width), in [0, 1]


class Yardsticks:
    """Classical methods of a given size, each fitted once."""

    def __init__(self, learned: Images, held_out: Images) -> None:
        self.learned, self.held_out = learned, held_out
        self.known: dict[tuple[LatentSpace, bool], tuple[str, float]] = {}

    def of(self, space: LatentSpace, with_prior: bool) -> tuple[str, float]:
        """What to compare with, and its mean squared error on the held-out images."""
        if (space, with_prior) not in self.known:
            self.known[space, with_prior] = self._fitted(space, with_prior)
        return self.known[space, with_prior]

    def _fitted(self, space: LatentSpace, with_prior: bool) -> tuple[str, float]:
        if isinstance(space, Continuous):
            reals = space.channels * space.sites
            return self.pca(reals // 4 if with_prior else reals)
        patch = self.held_out.shape[1] // space.grid[0]
        if isinstance(space, Sparse):
            return self.dictionary(patch, space.atoms, space.active)
        return self.k_means(patch, space.code_ranges)

    def pca(self, components: int) -> tuple[str, float]:
        from sklearn.decomposition import PCA

        learned, held_out = (part.reshape(len(part), -1) for part in (self.learned, self.held_out))
        pca = PCA(components, random_state=0).fit(learned)
        decoded = pca.inverse_transform(pca.transform(held_out))
        return f"PCA({components})", float(((decoded - held_out) ** 2).mean())

    def k_means(self, patch: int, sizes: tuple[int, ...]) -> tuple[str, float]:
        """One k-means after another, each on what the ones before have left."""
        from sklearn.cluster import MiniBatchKMeans

        learned, left = patches(self.learned, patch), patches(self.held_out, patch)
        for size in sizes:
            means = MiniBatchKMeans(size, batch_size=4096, n_init=1, random_state=0).fit(learned)
            learned = learned - means.cluster_centers_[means.predict(learned)]
            left = left - means.cluster_centers_[means.predict(left)]
        depth = f", {len(sizes)} in a row" if len(sizes) > 1 else ""
        return f"k-means({sizes[0]}{depth}) of {patch}×{patch} patches", float((left**2).mean())

    def dictionary(self, patch: int, atoms: int, active: int) -> tuple[str, float]:
        from sklearn.decomposition import MiniBatchDictionaryLearning

        learned, held_out = patches(self.learned, patch), patches(self.held_out, patch)
        shown = np.random.default_rng(0).permutation(len(learned))[:50_000]
        learner = MiniBatchDictionaryLearning(
            atoms,
            batch_size=1024,
            max_iter=20,
            transform_algorithm="omp",
            transform_n_nonzero_coefs=active,
            random_state=0,
        ).fit(learned[shown])
        decoded = learner.transform(held_out) @ learner.components_
        error = float(((decoded - held_out) ** 2).mean())
        return f"dictionary({atoms} atoms, {active} active) of {patch}×{patch} patches", error


def patches(images: Images, size: int) -> NDArray[np.float64]:
    """Non-overlapping square patches, (patches, size x size); what is left at the edge is cut."""
    count, rows, columns = len(images), images.shape[1] // size, images.shape[2] // size
    cut = images[:, : rows * size, : columns * size].reshape(count, rows, size, columns, size)
    return cut.transpose(0, 1, 3, 2, 4).reshape(-1, size * size)


def table(records: list[Record], yardsticks: Yardsticks) -> str:
    """The autoencoders by kind of latent and error, as markdown."""
    lines = [
        "| autoencoder | latent | bits an image | MSE | beside it | its MSE | better | PSNR | "
        "perplexity | codes used |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    autoencoders = load_parts().autoencoders
    rows = [(autoencoders.choose(r.autoencoder.spec)[0].build(SHAPE).latent_space, r)
            for r in records]  # fmt: skip
    for space, record in sorted(rows, key=_place):
        scores = {score.metric.name: score.value for score in record.scores}
        beside, theirs = yardsticks.of(space, record.autoencoder.name in WITH_PRIOR)
        ours = scores["reconstruction-mse"]
        better = "autoencoder" if ours < theirs else beside.partition("(")[0]
        perplexity, used = scores.get("codebook-perplexity"), scores.get("codes-used")
        cells = [
            f"`{record.autoencoder.spec}`",
            _told(space),
            f"{scores['bits-per-image']:,.0f}",
            f"{ours:.5f}",
            beside,
            f"{theirs:.5f}",
            better,
            f"{scores['psnr']:.1f} dB",
            "—" if perplexity is None else f"{perplexity:.0f}",
            "—" if used is None else f"{used:.0%}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _place(row: tuple[LatentSpace, Record]) -> tuple[str, float]:
    space, record = row
    errors = [s.value for s in record.scores if s.metric.name == "reconstruction-mse"]
    return space.kind, errors[0] or 0.0


def _told(space: LatentSpace) -> str:
    sizes = ", ".join(f"{name} {size}" for name, size in vars(space).items() if name != "grid")
    grid = "×".join(map(str, space.grid))
    return f"{space.kind}: {sizes}{f', grid {grid}' if grid else ''}"


def some_mnist(data_dir: Path, count: int) -> tuple[Images, Images]:
    """The images that the suite trains on, and the held-out ones."""
    dataset = load_parts().datasets.choose("mnist")[0].build(data_dir)
    learned, held_out = (split.images[:, 0].numpy() for split in (dataset.train(), dataset.test()))
    return learned[:count] / 255.0, held_out / 255.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    suite = load_suite(SUITE)
    learned, held_out = some_mnist(parser.parse_args().data_dir, suite.counts.train or 60_000)
    records, _ = Store(ROOT / "leaderboards").read(SUITE)
    measured = [record for record in records if record.status == "measured"]
    made = table(measured, Yardsticks(learned, held_out))
    page = ROOT / "docs" / "autoencoders.md"
    text = re.sub(
        r"(<!-- learning: [^>]*-->\n).*?(<!-- /learning -->)",
        lambda match: f"{match[1]}\n{made}\n\n{match[2]}",
        page.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
