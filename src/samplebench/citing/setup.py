"""The sentences for a paper's set-up section: how the scores of its tables were measured."""

from collections.abc import Iterator, Sequence
from typing import Final

from samplebench.citing.citations import ADAM, ADAMW, GAMES_HOWELL, SATTERTHWAITE, Citations
from samplebench.citing.words import Names, code, count, enumerate_distinct, enumerate_texts
from samplebench.results.formats.latex_text import escape
from samplebench.results.labels import list_distinct, shorten
from samplebench.results.marking import list_machines
from samplebench.results.ranking import Column, Ranking
from samplebench.results.record import FeaturesRecord, Record
from samplebench.results.statistics import SIGNIFICANCE

_OPTIMISERS: Final = {"adam": ("Adam", ADAM), "adamw": ("AdamW", ADAMW), "sgd": ("SGD", "")}
_SHOWN: Final = 16
"""The digits of the digest of records that a sentence shows."""


def write_setup(
    rankings: Sequence[Ranking], labels: Sequence[str], citations: Citations, digest: str
) -> str:
    """Write a paragraph on the origin of the scores, and one for each table, as LaTeX.

    Args:
        labels: those of the tables, for ``\\ref``.
        digest: that of all records.
    """
    records = {record.identity: record for ranking in rankings for record in ranking.records}
    tables = [f"Table~\\ref{{{label}}}" for label in labels]
    paragraphs = [_describe_origin(list(records.values()), tables, digest)]
    for ranking, table in zip(rankings, tables, strict=True):
        where = f"In {table}, the" if len(tables) > 1 else "The"
        paragraphs.append(_describe_table(where, ranking, citations))
    return "\n\n".join(paragraphs)


def _describe_origin(records: Sequence[Record], tables: Sequence[str], digest: str) -> str:
    origins = [record.provenance for record in records]
    commits = sorted({shorten(origin.commit) for origin in origins if origin.commit})
    word = "commit" if len(commits) == 1 else "commits"
    named = f" ({word} {enumerate_texts(map(code, commits))})" if commits else ""
    days = sorted({origin.finished[:10] for origin in origins})
    when = f"on {days[0]}" if len(days) == 1 else f"between {days[0]} and {days[-1]}"
    version = enumerate_distinct(origin.samplebench for origin in origins)
    torch = enumerate_distinct(origin.torch for origin in origins)
    machines = enumerate_distinct(list_machines(records))
    return (
        f"The scores in {enumerate_texts(tables)} were measured by samplebench "
        f"{version}~\\cite{{samplebench}}{named} {when}, with PyTorch {torch} on {machines}.\n"
        f"They are from {count(len(records), 'record')}, whose SHA-256 digest begins with "
        f"{code(digest[:_SHOWN])}."
    )


def _describe_table(where: str, ranking: Ranking, citations: Citations) -> str:
    sentences = (
        _describe_data(where, ranking, citations),
        *_describe_autoencoders(ranking, citations),
        *_describe_sampling(ranking, citations),
        *_describe_repeats(ranking),
        *_describe_scores(ranking, citations),
        *_describe_features(ranking, citations),
        *_describe_statistics(ranking, citations),
    )
    return "\n".join(sentences)


def _describe_data(where: str, ranking: Ranking, citations: Citations) -> str:
    names = Names.of("dataset", (r.dataset.name for r in ranking.records), citations)
    digests = sorted({shorten(r.provenance.data) for r in ranking.records if r.provenance.data})
    known = f" (digest {enumerate_texts(map(code, digests))})" if digests else ""
    train, held_out = _count(ranking, "train"), _count(ranking, "reference")
    sizes = f": {train} samples to train on and {held_out} held out" if train else ""
    return f"{where} data are {names.text}{known}{sizes}."


def _describe_autoencoders(ranking: Ranking, citations: Citations) -> Iterator[str]:
    """One sentence each for those that were trained, loaded, or used as they are."""
    ours = [r for r in ranking.measured if not r.autoencoder.checkpoint]
    if trained := [record for record in ours if record.protocol.get("training")]:
        names = Names.of("autoencoder", (r.autoencoder.name for r in trained), citations)
        seeds = list(map(str, sorted({record.seed for record in trained})))
        yield (
            f"The {names.choose('autoencoder', 'autoencoders')} {names.text} "
            f"{names.choose('was', 'were')} trained {_describe_training(trained[0], citations)}, "
            f"{'with the seed' if len(seeds) == 1 else 'once for each of the seeds'} "
            f"{enumerate_texts(seeds)}."
        )
    if plain := [record for record in ours if not record.protocol.get("training")]:
        names = Names.of("autoencoder", (r.autoencoder.name for r in plain), citations)
        yield f"The {names.choose('autoencoder', 'autoencoders')} {names.text} needed no training."
    loaded = {r.autoencoder.spec: r for r in ranking.measured if r.autoencoder.checkpoint}
    for spec, record in loaded.items():
        weights = shorten(str(record.autoencoder.checkpoint))
        cited = citations.cite_part("autoencoder", record.autoencoder.name)
        yield (
            f"The weights of {code(spec)}{cited} (digest {code(weights)}) were trained elsewhere."
        )


def _describe_training(record: Record, citations: Citations) -> str:
    how = record.protocol["training"]
    length = count(how["epochs"], "epoch") if how.get("epochs") else count(how["steps"], "step")
    optimiser, work = _OPTIMISERS.get(how["optimiser"], (escape(how["optimiser"]), ""))
    falls = " that falls to 0 along half a cosine" if how.get("decay") == "cosine" else ""
    facts = [f"batches of {how['batch']:,}", f"a learning rate of {how['learning_rate']:g}{falls}"]
    facts += [f"a weight decay of {how['weight_decay']:g}"] if how.get("weight_decay") else []
    facts += [f"losses in {how['precision']}"] if how.get("precision") == "bf16" else []
    cited = citations.cite_work(work)
    return f"for {length} by {optimiser}{cited} with {enumerate_texts(facts)}"


def _describe_sampling(ranking: Ranking, citations: Citations) -> Iterator[str]:
    drawn = [(r, r.sampler) for r in ranking.measured if r.sampler]
    if not drawn:
        if held_out := _count(ranking, "reference"):
            yield f"The {held_out} held-out samples were encoded and decoded."
        return
    names = Names.of("sampler", (s.name for r, s in drawn if r.role == "sampler"), citations)
    controls = Names.of("sampler", (s.name for r, s in drawn if r.role != "sampler"), citations)
    first = names if names.count else controls
    too = f", as {controls.choose('was the control', 'were the controls')} {controls.text}"
    too = too if names.count and controls.count else ""
    generated = list_distinct(f"{r.counts['generated']:,}" for r, _ in drawn)
    yield (
        f"The {first.choose('sampler', 'samplers')} {first.text} {first.choose('was', 'were')} "
        f"fitted to the latents of the training samples{too}, and {generated} draws from each "
        "were compared with the held-out samples."
    )


def _describe_repeats(ranking: Ranking) -> Iterator[str]:
    """The fits and draws of one cell, where there is more than one."""
    drawn = [record for record in ranking.measured if record.sampler]
    counts = drawn[0].protocol.get("counts", {}) if drawn else {}
    fits, draws = counts.get("fits", 1), counts.get("draws", 1)
    if fits > 1 or draws > 1:
        yield (
            f"A sampler's score for one seed is the mean over {count(fits, 'fit')} and "
            f"{count(draws, 'draw')} from each."
        )


def _describe_scores(ranking: Ranking, citations: Citations) -> Iterator[str]:
    metrics = {s.column: s.metric.name for r in ranking.records for s in r.scores}

    def name(column: Column) -> str:
        unit = f" [{column.unit}]" if column.unit else ""
        cited = citations.cite_part("metric", metrics.get(column.key, ""))
        return f"{escape(column.title + unit)}{cited}"

    scores = [name(column) for column in ranking.columns if column.subject != "cost"]
    costs = [name(column) for column in ranking.columns if column.subject == "cost"]
    if scores:
        yield f"The scores are {enumerate_texts(scores)}."
    if costs:
        yield f"The costs are {enumerate_texts(costs)}."


def _describe_features(ranking: Ranking, citations: Citations) -> Iterator[str]:
    used: dict[str, FeaturesRecord] = {
        f"{column.features.part.spec} {column.features.weights}": column.features
        for column in ranking.columns
        if column.features
    }
    texts = [
        f"{code(each.part.spec)}{citations.cite_part('features', each.part.name)} "
        f"(weights {code(shorten(each.weights))})"
        for each in used.values()
    ]
    if texts:
        yield f"Features are those of {enumerate_texts(texts)}."


def _describe_statistics(ranking: Ranking, citations: Citations) -> Iterator[str]:
    """The tests that decide what is bold; a caption says what bold means."""
    if any(entry.bold for row in ranking.rows for entry in row.entries):
        yield (
            "For bold scores, differences are significant by a test with seeds as "
            f"blocks{citations.cite_work(SATTERTHWAITE)} or, where seeds do not shift all rows "
            f"alike, by that of Games and Howell{citations.cite_work(GAMES_HOWELL)} "
            f"($\\alpha = {SIGNIFICANCE}$ over all pairs)."
        )


def _count(ranking: Ranking, name: str) -> str:
    return list_distinct(f"{r.counts[name]:,}" for r in ranking.measured if name in r.counts)
