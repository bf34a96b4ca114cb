"""Warnings, before anything is measured, of fewer held-out samples than features."""

from collections.abc import Iterable, Iterator

from samplebench.pipeline.request.answers import Answers
from samplebench.pipeline.request.suite import Suite
from samplebench.registry.registry import Chosen
from samplebench.results.few_samples import MEANING
from samplebench.results.record import Record


def warn_of_few_samples(
    suite: Suite,
    datasets: Iterable[Chosen],
    features: Iterable[Chosen],
    records: Iterable[Record],
    answers: Answers,
) -> Iterator[str]:
    """A sentence for each extractor with more features than a dataset has held-out samples.

    The number of these is that of the suite, or of earlier records: a plan reads no data.
    """
    records, features = tuple(records), tuple(features)
    for dataset in datasets:
        held_out = _count_held_out(suite, dataset, records)
        for extractor in features if held_out else ():
            width = answers.width(extractor, dataset)
            if isinstance(width, int) and held_out < width:
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
