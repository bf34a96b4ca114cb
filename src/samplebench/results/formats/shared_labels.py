"""Labels that all rows of a table share: they stand above it where there is little room."""

from collections.abc import Sequence

from samplebench.results.blocks import Table, Text, join


def varying_labels(table: Table) -> list[int]:
    """The label columns without those that say the same in each of several rows."""
    columns = range(table.labels)
    varying = [place for place in columns if len({row[place] for row in table.rows}) > 1]
    return varying or list(columns)


def shared_labels(table: Table, labels: Sequence[int]) -> Text:
    """The labels that are not among ``labels``, such as ``autoencoder: vae``; empty if none."""
    shared = [place for place in range(table.labels) if place not in labels]
    texts = [(*table.headings[place], ": ", *table.rows[0][place]) for place in shared]
    return join(texts, ", ")
