"""Counts of samples that are too small for the features that they are compared in."""

from samplebench.results.blocks import Text
from samplebench.results.labels import list_distinct
from samplebench.results.ranking import Ranking

MEANING = (
    "covariances of fewer samples than features are singular, and distances made of them are far "
    "above those of more samples"
)


def explain_few_samples(ranking: Ranking) -> list[Text]:
    """A line for the columns whose features outnumber the held-out samples."""
    titles = [
        f"{score.title} ({score.features.width:,} features, {held_out:,} held-out)"
        for record in ranking.measured
        for score in record.scores
        if score.features
        and score.features.width
        and score.value is not None
        and (held_out := record.counts.get("reference", 0)) < score.features.width
    ]
    return [(f"Few samples: {list_distinct(titles)}; {MEANING}.",)] if titles else []
