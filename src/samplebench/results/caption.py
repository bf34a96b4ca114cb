"""What a table needs beside it to be read, cited and checked."""

from collections.abc import Iterable

from samplebench.results.labels import listed, short
from samplebench.results.markdown import code
from samplebench.results.marking import machines
from samplebench.results.record import FeaturesRecord, PartRecord
from samplebench.results.statistics import SIGNIFICANCE
from samplebench.results.table import Table


def caption(table: Table) -> str:
    """How to read the table, in one paragraph."""
    sentences = (
        "Mean ± standard deviation over n seeds; n links to the first seed's record. "
        "↓: lower is better, ↑: higher is better.",
        _bold(table),
        *_references(table),
        _loaded(table),
        _counts(table),
        _costs(table),
    )
    return " ".join(filter(None, sentences))


def details(table: Table) -> list[str]:
    """Diagnostics, feature extractors, protocol and provenance: a line each."""
    hidden = {"data"} if _draws(table) else {"data", "generated"}
    protocol = [f"{name} {text}" for name, text in table.conditions.items() if name not in hidden]
    return [
        *_diagnostics(table),
        *_features(table),
        f"Protocol: {', '.join(protocol)}.",
        _provenance(table),
    ]


def _bold(table: Table) -> str:
    """The rule for bold cells, with the test by its name."""
    if not any(cell.bold for row in table.rows for cell in row.cells):
        return "Nothing is bold: that takes two rows that compete, with two seeds or more."
    return (
        "**Bold**: the best that competes and the next ones, up to the first that the "
        f"Games–Howell test tells from it (level {SIGNIFICANCE} over all pairs, costs as "
        f"logarithms where none is 0{_scopes(table)}); few seeds tell little apart. "
        "Controls, diagnostics, rows of a single seed and figures that a seed lacks are never "
        "bold, rows with ‡ only in costs, references only in figures of the autoencoder."
    )


def _scopes(table: Table) -> str:
    """Which rows each column compares, where there is more than one autoencoder."""
    if len({row.autoencoder for row in table.rows}) < 2:
        return ""
    scopes = {
        "all samplers of the table": ("images", "cost"),
        "the samplers of one autoencoder": ("latents",),
        "autoencoders": ("autoencoder",),
    }
    texts = []
    for rows, subjects in scopes.items():
        columns = [column for column in table.columns if column.subject in subjects]
        titles = [column.title for column in columns if column.alarm is None]
        if titles:
            texts.append(f"; among {rows}: {', '.join(titles)}")
    return "".join(texts)


def _references(table: Table) -> list[str]:
    """What the rows are that do not compete."""
    meanings = {
        "floor": "*real data (floor)*: what as many fresh real images or latents are expected to "
        "score in the place of the generated.",
        "reconstruction": "*reconstruction*: held-out images, encoded and decoded.",
        "control": "*(control)*: a yardstick that does not compete.",
    }
    kinds = {row.kind for row in table.rows}
    return [meaning for kind, meaning in meanings.items() if kind in kinds]


def _loaded(table: Table) -> str:
    """Seeds of loaded weights say nothing of training."""
    if not any(record.autoencoder.checkpoint for record in table.records):
        return ""
    return (
        "Weights loaded from a checkpoint are the same for every seed: such a row's ± is the "
        "spread of sampling and measuring, not of training, and its figures of the autoencoder "
        "are never bold."
    )


def _counts(table: Table) -> str:
    """Distances between samples fall as samples grow, so the sizes belong to the figures."""
    counts = [record.counts for record in table.measured]
    generated = listed(f"{each['generated']:,}" for each in counts if "generated" in each)
    reference = listed(f"{each['reference']:,}" for each in counts if "reference" in each)
    if not generated or not reference:
        return ""
    made = "generated" if _draws(table) else "reconstructed"
    return (
        f"Scores are for {generated} {made} against {reference} held-out images, and depend "
        "on these numbers."
    )


def _draws(table: Table) -> bool:
    """Whether a sampler drew anything."""
    return any(row.kind in ("sampler", "control") for row in table.rows)


def _costs(table: Table) -> str:
    measured_on = machines(table.measured)
    if len(measured_on) < 2 or all(column.subject != "cost" for column in table.columns):
        return ""
    return f"Costs come from {len(measured_on)} machines and do not compare: none is bold."


def _diagnostics(table: Table) -> list[str]:
    """What ‡ means, for each diagnostic that marks a row."""
    raised = {column.title: column for row in table.rows for column in row.alarms}
    return [
        f"‡ {title} {'above' if column.better == 'lower' else 'below'} {column.alarm:g} times the "
        "reconstruction row's: these samples lie closer to training latents than held-out ones "
        "do, which is copying; read their other figures beside those of `resample`, which copies "
        "outright."
        for title, column in raised.items()
    ]


def _features(table: Table) -> list[str]:
    """The extractors, each with the columns that it stands behind."""
    titles: dict[str, list[str]] = {}
    for column in table.columns:
        if column.features:
            titles.setdefault(_extractor(column.features), []).append(column.title)
    return [f"{', '.join(those)}: {text}." for text, those in titles.items()]


def _extractor(features: FeaturesRecord) -> str:
    facts = [f"{name.replace('_', ' ')} {value:.4g}" for name, value in features.facts.items()]
    return ", ".join(
        [f"features {code(features.part.spec)}", *facts, f"weights {short(features.weights)}"]
    )


def _provenance(table: Table) -> str:
    """Where the figures come from. What differs between records is listed in full."""
    records = table.records
    origins = [record.provenance for record in records]
    uses = [(record.dataset, record.autoencoder, record.sampler) for record in records]
    parts = [part for use in uses for part in use if part]
    days = sorted({origin.finished[:10] for origin in origins})
    facts = {
        f"{len(records)} records, seeds": [str(record.seed) for record in records],
        "samplebench": [origin.samplebench for origin in origins],
        "commit": [short(origin.commit) for origin in origins if origin.commit],
        "Python": [origin.python for origin in origins],
        "torch": [origin.torch for origin in origins],
        "CUDA": [origin.cuda for origin in origins if origin.cuda],
        "plugins": [f"{part.plugin} {part.version}" for part in parts],
        "their code": _code(parts),
        "on": machines(records),
        "data": [short(origin.data) for origin in origins if origin.data],
        "suite": [short(origin.suite) for origin in origins],
        "core": [short(origin.core) for origin in origins if origin.core],
        "measured": [" to ".join(dict.fromkeys((days[0], days[-1])))],
    }
    return f"Provenance: {'; '.join(f'{n} {listed(v)}' for n, v in facts.items() if v)}."


def _code(parts: Iterable[PartRecord]) -> list[str]:
    """The digests of the plugins' sources, each with the parts that it is of."""
    names: dict[str, set[str]] = {}
    for part in parts:
        names.setdefault(short(part.code or "not kept"), set()).add(part.name)
    return [f"{code} ({', '.join(sorted(those))})" for code, those in names.items()]
