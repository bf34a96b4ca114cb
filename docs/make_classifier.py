"""Make the classifier that ships for a dataset: its weights, and a card that says how.

    python docs/make_classifier.py cifar10 --data-dir DIR

Trains features `classifier` on this machine, in one thread, and writes `cifar10.safetensors` and
`cifar10.json` to the folder where `classifier` looks for weights. Commit both files: whoever
measures this dataset then measures in the same features.
"""

import argparse
import platform
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import samplebench
from samplebench import require_image
from samplebench.digests import digest_of_file
from samplebench.errors import SamplebenchError
from samplebench.options import add_data_dir
from samplebench.pipeline.device import deterministic
from samplebench.pipeline.provenance import (
    digest_of_tensors,
    name_blas,
    name_processor,
    relevant_versions,
)
from samplebench.pipeline.stages.data import fingerprint as fingerprint_data
from samplebench.registry.loading import load_parts
from samplebench.registry.registry import Chosen
from samplebench.registry.spec import Spec
from samplebench_metrics.classifier import Classifier
from samplebench_metrics.shipped_classifiers import (
    ARCHITECTURE,
    SHIPPED,
    Card,
    fingerprint,
    save_network,
    write_card,
)

THREADS = 1
TRAINING = (
    "{learned} random ones of {images} training images learned, the others held out; {steps} "
    "batches of 128, cross-entropy, Adam, learning rate half a cosine from 1e-3 to 0; then "
    "rounded to half precision"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", help="a dataset with labels: cifar10")
    add_data_dir(parser)
    parser.add_argument(
        "--output", type=Path, default=SHIPPED, metavar="DIR", help=f"the folder ({SHIPPED})"
    )
    options = parser.parse_args()
    try:
        card = make_classifier(options.dataset, options.data_dir.absolute(), options.output)
    except SamplebenchError as error:
        parser.exit(error.exit_code, f"{parser.prog}: {error}\n")
    print(f"{card.dataset}: {card.accuracy:.4f} of {card.held_out:,} held-out images are right")
    print(f"Weights {card.weights}, in {options.output}")


def make_classifier(dataset: str, data_dir: Path, output: Path) -> Card:
    """Train the classifier of a dataset, and write its weights and its card."""
    parts = load_parts()
    chosen = parts.datasets.choose(dataset)[0]
    source = chosen.build(data_dir)
    train, test = source.train(), source.test()
    extractor = Classifier(source.shape)
    with deterministic(THREADS):
        extractor.learn(train)
    extractor.shipped.fill_(True)  # as it is once loaded, so that the digest is that of records
    output.mkdir(parents=True, exist_ok=True)
    weights = output / f"{re.sub(r'[^a-z0-9]+', '-', str(chosen)).strip('-')}.safetensors"
    save_network(extractor.network, weights)
    learned = len(train) * 9 // 10
    card = Card(
        dataset=str(chosen),
        reference=chosen.part.reference,
        data=fingerprint_data([train, test]),
        training_images=fingerprint(train),
        image_shape=require_image(source.shape),
        classes=len(train.labels.unique()),
        architecture=ARCHITECTURE,
        network=[str(layer) for layer in extractor.network],
        settings={"width": extractor.width, "steps": extractor.steps},
        training=TRAINING.format(learned=learned, images=len(train), steps=extractor.steps),
        accuracy=float(extractor.accuracy),
        held_out=len(train) - learned,
        weights=digest_of_tensors(extractor.state_dict()),
        file=digest_of_file(weights),
        seed=0,
        **describe_origin(parts.features.configured(Spec("classifier"))),
    )
    write_card(card, weights.with_suffix(".json"))
    return card


def describe_origin(features: Chosen) -> dict[str, Any]:
    """Describe code, versions and machine: only the same ones give the same weights again."""
    return {
        "code": features.code.digest,
        "versions": {
            "samplebench": samplebench.__version__,
            "python": platform.python_version(),
            **relevant_versions([features.code]),
        },
        "processor": name_processor(),
        "blas": name_blas(),
        "threads": THREADS,
        "date": datetime.now(UTC).date().isoformat(),
        "licence": "Apache-2.0",
    }


if __name__ == "__main__":
    main()
