"""Parts and results as records hold them."""

from collections.abc import Mapping

from samplebench.contracts.answers import keep_numbers
from samplebench.contracts.features import FeatureExtractor
from samplebench.contracts.metric import Metric
from samplebench.missing import Missing
from samplebench.pipeline.request.measures import BoundMetric
from samplebench.pipeline.stages.core.extraction import FittedExtractor
from samplebench.pipeline.stages.core.scoring import Result
from samplebench.registry.registry import Chosen
from samplebench.results.record import FeaturesRecord, PartRecord, Score
from samplebench.vocabulary import Floor


def part_record(chosen: Chosen, checkpoint: str | None = None) -> PartRecord:
    """The record of a part with all its settings, and of the plugin that offers it."""
    plugin = chosen.part.plugin
    return PartRecord(
        spec=str(chosen),
        name=chosen.part.name,
        settings=dict(chosen.settings),
        plugin=plugin.distribution,
        version=plugin.version,
        code=chosen.code.digest,
        checkpoint=checkpoint,
    )


def score_record(
    bound: BoundMetric,
    extractor: FittedExtractor | Missing | None,
    result: Result | None,
    floor: Floor | Missing | None,
) -> Score:
    """The record of a metric's result and of its floor, or of one of the two.

    Args:
        extractor: of the features that it is measured in, if it needs any.
    """
    result = result or Result()
    if isinstance(floor, Missing):
        if result.value is None:
            result = Result(problem=result.problem or f"its floor: {floor}")
        floor = None  # a score stands without it
    metric: Metric = bound.metric.build()
    fitted = extractor if isinstance(extractor, FittedExtractor) else None
    title = metric.title
    if bound.features:
        title = _established_title(title, fitted) or f"{title}[{bound.features}]"
    return Score(
        metric=part_record(bound.metric),
        features=_features_record(bound.features, fitted) if bound.features else None,
        title=title,
        unit=metric.unit,
        better=metric.better,
        subject=metric.subject,
        diagnostic=metric.diagnostic,
        alarm=metric.alarm,
        value=result.value,
        values=result.values,
        floor=floor,
        problem=result.problem,
        settled=result.settled,
    )


def check_floor(floor: Floor | Missing | None) -> Floor | Missing | None:
    """Return a floor whose bias is a finite number or ``None``, or else the reason against it."""
    if not isinstance(floor, Floor) or floor.bias is None:
        return floor
    _, remarks = keep_numbers("number", lambda: {"bias": floor.bias})
    return Missing("; ".join(remarks)) if remarks else floor


def _features_record(features: Chosen, fitted: FittedExtractor | None) -> FeaturesRecord:
    return FeaturesRecord(
        part=part_record(features),
        weights=fitted.weights if fitted else "none",
        facts=_keep_facts(fitted.extractor)[0] if fitted else {},
        width=fitted.test.shape[1] if fitted else None,
    )


def remarks_on(extractors: Mapping[str, FittedExtractor | Missing]) -> list[str]:
    """Remarks on the facts of extractors that are left out, as they are no finite numbers."""
    return [
        remark
        for fitted in extractors.values()
        if isinstance(fitted, FittedExtractor)
        for remark in _keep_facts(fitted.extractor)[1]
    ]


def _keep_facts(extractor: FeatureExtractor) -> tuple[dict[str, float], list[str]]:
    return keep_numbers(f"facts of {type(extractor).__name__}", lambda: extractor.facts)


def _established_title(title: str, fitted: FittedExtractor | None) -> str | None:
    """The name that a metric has in these features, if the extractor states one."""
    try:
        established = fitted.extractor.titles.get(title) if fitted else None
    except Exception:  # an extractor may raise anything
        return None
    return established if isinstance(established, str) else None
