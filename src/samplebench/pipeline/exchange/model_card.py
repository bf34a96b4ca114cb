"""The page of a checkpoint on the Hugging Face hub, made from its record."""

import shlex

from samplebench.contracts.dataset import is_image
from samplebench.pipeline.exchange.checkpoint_folder import CheckpointRecord
from samplebench.results.blocks import Code, Text, join
from samplebench.results.formats.markdown import cell, line

_PAGE = """\
---
library_name: samplebench
tags:
- samplebench
- autoencoder
- {name}
---

# {repository}

The autoencoder {spec}, trained on {dataset} by samplebench.

```python
import samplebench

autoencoder = samplebench.load_autoencoder("hf://{repository}")
latents = autoencoder.encode(samples)  # (samples, {shape}){range}
```

{command} measures samplers on it.

{facts}
"""


def model_card(record: CheckpointRecord, repository: str) -> str:
    """Markdown with the front matter that the hub reads."""
    dataset, reference = record.training.dataset.spec, record.reference
    page = _PAGE.format(
        name=record.autoencoder.name,
        repository=repository,
        spec=_code(record.autoencoder.spec),
        dataset=_code(dataset),
        command=_code(
            f"samplebench run --checkpoint hf://{repository} --dataset {shlex.quote(dataset)}"
        ),
        shape=", ".join(map(str, record.shape)),
        range=", floats in [0, 1]" if is_image(record.shape) else "",
        facts=_facts(record),
    )
    return page + (f"\nThe autoencoder is from {line((reference,))}.\n" if reference else "")


def _facts(record: CheckpointRecord) -> str:
    training, made = record.training, record.provenance
    plugin = f"{record.autoencoder.plugin} {record.autoencoder.version}".strip()
    facts: dict[str, Text] = {
        "settings": _list(record.autoencoder.settings),
        "offered by": (f"{plugin}, code {record.autoencoder.code}",),
        "training samples": (
            f"{training.samples:,} of ",
            Code(training.dataset.spec),
            f", data {made.data}",
        ),
        "budget": _list({k: v for k, v in training.budget.items() if v is not None}),
        "seed": (str(training.seed),),
        "reconstruction MSE": (f"{training.error:.4g} on {training.held_out:,} held-out images",),
        "trained in": (f"{training.seconds:.0f} s on {made.device}",),
        "made with": (f"samplebench {made.samplebench}, torch {made.torch}",),
        "weights": (record.weights,),
    }
    rows = [f"| {name} | {cell(value)} |" for name, value in facts.items()]
    return "\n".join(["| | |", "| --- | --- |", *rows])


def _list(settings: dict[str, object]) -> Text:
    codes: list[Text] = [(Code(f"{name}={value!r}"),) for name, value in settings.items()]
    return join(codes, ", ") or ("none",)


def _code(text: str) -> str:
    return line((Code(text),))
