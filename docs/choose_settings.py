"""Choose settings that no publication states, on training images alone.

    python docs/choose_settings.py --data-dir DIR

Trains on 10,000 of MNIST's training images and compares reconstructions of 5,000 others of them;
no held-out image is read. One setting after the other takes its best value. Writes the tables of
docs/choosing-settings.md.
"""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor

from samplebench.contracts.autoencoder import Autoencoder
from samplebench.pipeline.stages.core.coding import as_images, decode, encode
from samplebench.pipeline.stages.core.training import initialise, train_on
from samplebench.registry.loading import Parts, load_parts
from samplebench.registry.spec import Spec
from samplebench.training import Budget

PAGE = Path(__file__).parent / "choosing-settings.md"
TRAINING, COMPARED, SEEDS = 10_000, 5_000, (0, 1)
BUDGET = Budget(epochs=5, batch=128, learning_rate=1e-3)

CANDIDATES: Mapping[str, Mapping[str, tuple[float, ...]]] = {
    "gm-vq": {
        "gamma": (0.01, 0.03, 0.1),
        "sigma": (0.5, 1.0, 2.0),
        "temperature": (0.5, 1.0, 2.0),
        "final_temperature": (0.25, 0.5, 1.0),
    },
    "sq-vae": {
        "variance": (0.3, 1.0, 3.0),
        "temperature": (0.5, 1.0, 2.0),
        "final_temperature": (0.1, 0.3, 0.6),
    },
}
SIZES = {
    "gm-vq": {"components": 512, "channels": 16, "width": 32},
    "sq-vae": {"codes": 512, "channels": 16, "width": 32},
}


def measure(parts: Parts, name: str, settings: Mapping[str, float], images: Tensor) -> float:
    """Train with these settings; the mean squared error on images that training did not see."""
    chosen = parts.autoencoders.configured(Spec(name, {**SIZES[name], **settings}))
    training, compared = images[:TRAINING], images[TRAINING : TRAINING + COMPARED]
    errors = []
    for seed in SEEDS:
        model: Autoencoder = initialise(lambda: chosen.build(tuple(images.shape[1:])), seed)
        train_on(model, training, BUDGET, seed=seed, report=lambda progress: None)
        model.eval()
        decoded = decode(model, encode(model, compared, torch.device("cpu")))
        errors.append(float((decoded - as_images(compared)).square().mean()))
    return fmean(errors)


def choose(parts: Parts, name: str, images: Tensor) -> list[str]:
    """Search along one setting after the other, from the defaults; the lines of a table."""
    defaults = parts.autoencoders.choose(name)[0].settings
    best = {setting: float(defaults[setting]) for setting in CANDIDATES[name]}
    known: dict[tuple[float, ...], float] = {}
    lines = ["| setting | values, with 10⁵ × their error | best |", "|:--|:--|--:|"]
    for setting, values in CANDIDATES[name].items():
        errors = {}
        for value in values:
            if setting == "final_temperature" and value > best["temperature"]:
                continue  # it falls
            tried = {**best, setting: value}
            key = tuple(tried.values())
            if key not in known:
                known[key] = measure(parts, name, tried, images)
            errors[value] = known[key]
            print(name, tried, f"{errors[value]:.6f}", flush=True)
        best[setting] = min(errors, key=lambda value: errors[value])
        listed = ", ".join(f"{value:g}: {1e5 * error:.0f}" for value, error in errors.items())
        lines.append(f"| `{setting}` | {listed} | {best[setting]:g} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parts = load_parts()
    images = parts.datasets.choose("mnist")[0].build(parser.parse_args().data_dir).train().samples
    page = PAGE.read_text(encoding="utf-8")
    for name in CANDIDATES:
        table = "\n".join(choose(parts, name, images))
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        page = re.sub(f"(?s){begin}.*?{end}", f"{begin}{table}{end}", page)
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
