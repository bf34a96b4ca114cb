"""Warnings, before anything is measured, of fewer held-out samples than features."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from samplebench.contracts.dataset import Shape
from samplebench.contracts.features import FeatureExtractor
from samplebench.errors import UsageError
from samplebench.pipeline.request.suite import Suite
from samplebench.registry.registry import Chosen
from samplebench.results.few_samples import MEANING
from samplebench.results.record import Record


def warn_of_few_samples(
    suite: Suite,
    datasets: Iterable[Chosen],
    features: Iterable[Chosen],
    records: Iterable[Record],
    *,
    data_dir: Path,
) -> Iterator[str]:
    """A sentence for each extractor with more features than a dataset has held-out samples.

    The number of these is that of the suite, or of earlier records: a plan reads no data.
    """
    records, features = tuple(records), tuple(features)
    for dataset in datasets:
        held_out = _count_held_out(suite, dataset, records)
        shape = dataset.build(data_dir).shape
        for extractor in features if held_out else ():
            width = _width(extractor, shape)
            if width and held_out < width:
                yield (
                    f"'{extractor}' has {width:,} features, and '{dataset}' {held_out:,} held-out "
                    f"samples: {MEANING}"
                )


def _count_held_out(suite: Suite, dataset: Chosen, records: Iterable[Record]) -> int:
    """The number of held-out samples as far as it is known, or 0."""
    counted = [
        record.counts["reference"]
        for record in records
        if record.dataset.key == dataset.key and "reference" in record.counts
    ]
    asked = [suite.counts.reference] if suite.counts.reference else []
    return min([*counted, *asked], default=0)


def _width(extractor: Chosen, shape: Shape) -> int | None:
    try:
        built: FeatureExtractor = extractor.build(shape)
    except UsageError:  # the cells will say why
        return None
    return built.width
