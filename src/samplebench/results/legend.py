"""The legend of a table: how to read its scores, rows and marks."""

from typing import Final

from samplebench.results.blocks import Code, Strong, Text
from samplebench.results.few_samples import explain_few_samples
from samplebench.results.floor_legend import describe_floor
from samplebench.results.labels import list_distinct
from samplebench.results.marking import list_machines
from samplebench.results.ranking import Column, Ranking
from samplebench.results.states import explain_marks as explain_states
from samplebench.results.statistics import SIGNIFICANCE

SCORES: Final = (
    "Mean ± half its 95 % interval (Student's t over n seeds); without ±, the score has one "
    "seed or is the same at each. ↓: lower is better, ↑: higher is better."
)
"""How to read a score."""


def write_legend(ranking: Ranking) -> tuple[Text, ...]:
    """Explain how to read the table, in a line for each thing."""
    return (
        (f"{SCORES} n links to the first seed's record.",),
        *explain_marks(ranking),
        *explain_few_samples(ranking),
        *describe_content(ranking),
    )


def explain_marks(ranking: Ranking) -> tuple[Text, ...]:
    """The marks of scores and rows: bold, and those that a row has at its name or its seeds."""
    return (*explain_bold(ranking), *explain_marks_of_rows(ranking))


def explain_marks_of_rows(ranking: Ranking) -> tuple[Text, ...]:
    """The marks that a row has at its name or its seeds."""
    return (*_explain_alarms(ranking), *explain_states(ranking.rows))


def describe_content(ranking: Ranking) -> tuple[Text, ...]:
    """The floor, the rows, and all that scores depend on, in a line for each thing."""
    lines = (
        describe_floor(ranking),
        _describe_rows(ranking),
        _describe_counts(ranking),
        _describe_loaded(ranking),
        _describe_costs(ranking),
    )
    return tuple((line,) for line in lines if line)


def explain_bold(ranking: Ranking) -> list[Text]:
    """The rule for bold scores, with the test by its name."""
    if not any(entry.bold for row in ranking.rows for entry in row.entries):
        return [("Nothing is bold: that takes two competing rows with two seeds or more.",)]
    rule = (
        ": the best score and the next ones, down to the first that is significantly different "
        f"from it (seeds as blocks, α = {SIGNIFICANCE} over all pairs; distances and costs as "
        "logarithms). With few seeds only large differences are significant."
    )
    return [(Strong("Bold"), rule), *_describe_contests(ranking), _describe_never_bold(ranking)]


def _describe_contests(ranking: Ranking) -> list[Text]:
    """The rows that compete, where there is more than one autoencoder."""
    if len({row.autoencoder for row in ranking.rows}) < 2:
        return []
    competing = [column for column in ranking.columns if not column.diagnostic]
    own = [column.title for column in competing if column.subject == "autoencoder"]
    text = "Samplers compete within an autoencoder, with which they share the seeds"
    if own and has_samplers(ranking):
        return [(f"{text}; autoencoders compete in {', '.join(own)}.",)]
    return [(f"{text}.",)] if has_samplers(ranking) else []


def _describe_never_bold(ranking: Ranking) -> Text:
    kinds = {row.kind for row in ranking.rows}
    never = {
        "controls": "control" in kinds,
        "diagnostics": any(column.diagnostic for column in ranking.columns),
        "rows of a single seed": True,
        "scores that lack a seed": True,
    }
    *most, last = [what for what, shown in never.items() if shown]
    text = f"Never bold: {', '.join(most)} and {last}."
    if any(row.alarms for row in ranking.rows):
        text += " Rows with ‡ are bold in costs only."
    if "sampler" in kinds and any(column.subject == "autoencoder" for column in ranking.columns):
        text += " References are bold only in scores of the autoencoder."
    return (text,)


def _explain_alarms(ranking: Ranking) -> list[Text]:
    """The meaning of ‡, for each diagnostic that marks a row, with the rows that it marks."""
    raised = {column.title: column for row in ranking.rows for column in row.alarms}
    texts = [_explain_alarm(column, ranking) for column in raised.values()]
    if texts:
        texts.append(("Compare other scores of rows with ‡ with those of controls that copy.",))
    return texts


def _explain_alarm(column: Column, ranking: Ranking) -> Text:
    """Explain what a diagnostic found, and in which rows, unless in all that are marked."""
    beyond = f"{'above' if column.better == 'lower' else 'below'} {column.alarm:g}"
    doubt = ""
    if column.alarm_is_relative:
        beyond += " times that of the reconstruction row"
        doubt = ". A distribution that is only narrower is so too"
    return (
        f"‡ {column.title} {beyond}",
        *_name_marked(column, ranking),
        f": closer to training samples than held-out ones are{doubt}.",
    )


def _name_marked(column: Column, ranking: Ranking) -> Text:
    """Name the rows that a diagnostic marks, unless it marks all that have a mark."""
    marked = [row for row in ranking.rows if row.alarms]
    others = {row.name for row in marked if column not in row.alarms}
    if not others:
        return ()
    names: dict[Text, None] = {}
    for row in marked:
        if column in row.alarms:
            where: Text = (" with ", Code(row.autoencoder)) if row.name in others else ()
            names.setdefault((Code(row.name), *where))
    runs = [run for name in names for run in (", ", *name)]
    return (" in ", *runs[1:])


def _describe_rows(ranking: Ranking) -> str:
    """The rows that do not compete for the scores of samplers."""
    meanings = {
        "reconstruction": "reconstruction, held-out images encoded and decoded",
        "control": "(control), a sampler shown for comparison that does not compete",
    }
    kinds = {row.kind for row in ranking.rows}
    shown = [meaning for kind, meaning in meanings.items() if kind in kinds]
    return f"Rows: {'; '.join(shown)}." if shown else ""


def _describe_counts(ranking: Ranking) -> str:
    """The numbers of samples, on which scores depend: distances fall as samples grow."""
    counts = [record.counts for record in ranking.measured]
    generated = list_distinct(f"{each['generated']:,}" for each in counts if "generated" in each)
    held_out = list_distinct(f"{each['reference']:,}" for each in counts if "reference" in each)
    if not generated or not held_out:
        return ""
    made = "generated" if has_samplers(ranking) else "reconstructed"
    return f"Scores depend on the number of images: {generated} {made}, {held_out} held-out."


def has_samplers(ranking: Ranking) -> bool:
    """Say whether a sampler drew anything."""
    return any(row.kind in ("sampler", "control") for row in ranking.rows)


def _describe_loaded(ranking: Ranking) -> str:
    """The seeds of weights that were trained elsewhere say nothing of training."""
    if not any(record.autoencoder.checkpoint for record in ranking.records):
        return ""
    return (
        "Trained elsewhere: weights that were loaded, of whose training, and of the samples that "
        "it saw, nothing is known here. They are the same for every seed: the std of such a row "
        "is that of sampling and measuring, not of training, and its scores of the autoencoder "
        "are never bold."
    )


def _describe_costs(ranking: Ranking) -> str:
    machines = list_machines(ranking.measured)
    if len(machines) < 2 or all(column.subject != "cost" for column in ranking.columns):
        return ""
    return f"Costs were measured on {len(machines)} machines and cannot be compared: none is bold."
