"""The line of the legend on the floor: the scores of real data."""

from collections.abc import Mapping

from samplebench.results.labels import list_distinct
from samplebench.results.ranking import Ranking
from samplebench.vocabulary import Floor


def describe_floor(ranking: Ranking) -> str:
    """Say what the floor is, of how many samples, and how much is due to that number alone."""
    floors = _find_floors(ranking)
    measured = {title: floor for title, floor in floors.items() if floor.count is not None}
    estimates = [title for title in floors if title not in measured]
    sentences = [
        *_describe_measurement(measured),
        *_describe_biases(measured),
        *_describe_estimates(estimates),
        *([] if floors else _explain_absence(ranking)),
    ]
    return " ".join(sentences)


def _find_floors(ranking: Ranking) -> dict[str, Floor]:
    """The floor of one seed in each column, by title; a measured one, if there is any."""
    titles = {column.key: column.title for column in ranking.columns}
    rows = [row for row in ranking.rows if row.kind == "floor"]
    scores = [score for row in rows for record in row.measured for score in record.scores]
    found = [
        (titles[score.column], score.floor)
        for score in scores
        if score.floor is not None and score.column in titles
    ]
    return dict(sorted(found, key=lambda each: each[1].count is not None))


def _describe_measurement(floors: Mapping[str, Floor]) -> list[str]:
    if not floors:
        return []
    counts = list_distinct(f"{floor.count:,}" for floor in floors.values())
    subsets = max(len(floor.values) for floor in floors.values())
    over = (
        f"mean ± half its 95 % interval over {subsets} random subsets" if subsets > 1 else "once"
    )
    return [
        f"Real data (floor): the score of {counts} training samples in the place of generated "
        f"ones, measured against the held-out ones, {over}."
    ]


def _describe_biases(floors: Mapping[str, Floor]) -> list[str]:
    biases = [f"{title} {f.bias:.3g}" for title, f in floors.items() if f.bias is not None]
    if not biases:
        return []
    return [
        f"The numbers of samples alone make, by a formula for normal data: {', '.join(biases)}."
    ]


def _describe_estimates(titles: list[str]) -> list[str]:
    if not titles:
        return []
    return [
        f"Real data (floor) of {', '.join(titles)}: an estimate, which can be too low; these "
        "records were made before floors were measured."
    ]


def _explain_absence(ranking: Ranking) -> list[str]:
    """The reason for the lack of a floor, where it is a lack of training samples."""
    counts = [record.counts for record in ranking.measured if record.role != "reconstruction"]
    if not any(each["train"] < each["generated"] for each in counts if "train" in each):
        return []
    return ["No row of real data: that takes at least as many training samples as are generated."]
