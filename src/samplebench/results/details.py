"""The details of a table: feature extractors, protocol and provenance, to cite and check it."""

from samplebench.results.blocks import Code, Text
from samplebench.results.labels import list_distinct, shorten
from samplebench.results.legend import has_samplers
from samplebench.results.marking import list_machines
from samplebench.results.ranking import Ranking
from samplebench.results.record import FeaturesRecord
from samplebench.results.variance import describe_variance


def write_details(ranking: Ranking) -> tuple[Text, ...]:
    """Lines for the extractors, the sources of variance, the protocol and the provenance."""
    hidden = {"data"} if has_samplers(ranking) else {"data", "generated"}
    protocol = [
        f"{name} {text}" for name, text in ranking.conditions.items() if name not in hidden
    ]
    return (
        *_describe_features(ranking),
        *describe_variance(ranking),
        (f"Protocol: {', '.join(protocol)}{_except_loaded(ranking)}.",),
        (_describe_provenance(ranking),),
    )


def _except_loaded(ranking: Ranking) -> str:
    """The rows that the protocol did not train, in a table where it trained others."""
    loaded = [record.autoencoder.checkpoint is not None for record in ranking.records]
    if not any(loaded) or all(loaded):
        return ""
    return "; of rows that were trained elsewhere, it says only how they were measured"


def _describe_features(ranking: Ranking) -> list[Text]:
    """The extractors, each with the columns that use it."""
    titles: dict[Text, list[str]] = {}
    for column in ranking.columns:
        if column.features:
            titles.setdefault(_describe_extractor(column.features), []).append(column.title)
    return [(f"{', '.join(those)}: features ", *text) for text, those in titles.items()]


def _describe_extractor(features: FeaturesRecord) -> Text:
    facts = [f"{name.replace('_', ' ')} {value:.4g}" for name, value in features.facts.items()]
    about = "".join(f", {fact}" for fact in [*facts, f"weights {shorten(features.weights)}"])
    return Code(features.part.spec), f"{about}."


def _describe_provenance(ranking: Ranking) -> str:
    """The origin of the scores. What differs between records is listed in full."""
    records = ranking.records
    origins = [record.provenance for record in records]
    uses = [(record.dataset, record.autoencoder, record.sampler) for record in records]
    parts = [part for use in uses for part in use if part]
    days = sorted({origin.finished[:10] for origin in origins})
    commits = [record.verification.since for record in records]
    facts = {
        f"{len(records)} records, seeds": [str(record.seed) for record in records],
        "samplebench": [origin.samplebench for origin in origins],
        "commit": [shorten(origin.commit) for origin in origins if origin.commit],
        "Python": [origin.python for origin in origins],
        "torch": [origin.torch for origin in origins],
        "CUDA": [origin.cuda for origin in origins if origin.cuda],
        "plugins": [f"{part.plugin} {part.version}" for part in parts],
        "on": list_machines(records),
        "BLAS": [origin.blas for origin in origins if origin.blas],
        "data": [shorten(origin.data) for origin in origins if origin.data],
        "suite": [shorten(origin.suite) for origin in origins],
        "measuring code": [shorten(origin.core) for origin in origins if origin.core],
        "scores confirmed against the code of commit": [
            shorten(commit) for commit in commits if commit
        ],
        "measured": [" to ".join(dict.fromkeys((days[0], days[-1])))],
    }
    listed = "; ".join(
        f"{name} {list_distinct(values)}" for name, values in facts.items() if values
    )
    return f"Provenance: {listed}."
