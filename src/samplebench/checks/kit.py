"""The kit: the checks of each kind of part, run on one part or on a whole plugin."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from samplebench.checks import (
    autoencoder_checks,
    dataset_checks,
    density_checks,
    features_checks,
    learning_checks,
    metric_checks,
    packing_checks,
    part_checks,
    sampler_checks,
    toys,
)
from samplebench.checks.case import Case, Check, SpaceCase
from samplebench.checks.outcome import Outcome, attempt, attempt_apart
from samplebench.checks.target import find_target, list_shapes
from samplebench.contracts.dataset import Shape
from samplebench.contracts.latents import LatentSpace
from samplebench.registry.loading import Choice
from samplebench.registry.registry import GIVEN, Chosen


@dataclass(frozen=True)
class Kit:
    """The checks for one kind of part: on the part itself, and on each latent space it takes."""

    on_the_part: tuple[Check, ...]
    on_each_space: tuple[Check, ...] = ()
    case: type[Case] = Case


KITS: Mapping[str, Kit] = {
    "dataset": Kit(dataset_checks.CHECKS),
    "autoencoder": Kit(autoencoder_checks.CHECKS + packing_checks.CHECKS + learning_checks.CHECKS),
    "sampler": Kit(
        sampler_checks.ON_THE_PART, sampler_checks.ON_EACH_SPACE + density_checks.ON_EACH_SPACE
    ),
    "features": Kit(features_checks.CHECKS, case=features_checks.FeaturesCase),
    "metric": Kit(metric_checks.ON_THE_PART, metric_checks.ON_EACH_SPACE),
}


def check_target(
    target: str,
    choice: Choice = Choice(),
    data_dir: Path = Path("data"),
    *,
    dataset: str | None = None,
) -> list[Outcome]:
    """Check a plugin, or one part.

    Args:
        target: a ``.py`` file; the name of an installed plugin or of its distribution; or the spec
            of a part of any kind, such as ``gmm(components=3)``.
        choice: the plugins among which the target is looked for.
        data_dir: where datasets look for their files.
        dataset: its shape alone is tried, for autoencoders and features that take one only.

    Raises:
        UsageError: nothing of that name is installed, or the file does not exist.
        PluginError: the plugin cannot be loaded.
    """
    shapes = toys.SHAPES if dataset is None else list_shapes(dataset, target, choice, data_dir)
    return [
        outcome
        for chosen in find_target(target, choice)
        for outcome in check_part(chosen, data_dir=data_dir, shapes=shapes)
    ]


def check_part(
    chosen: Chosen,
    *,
    data_dir: Path = Path("data"),
    shapes: Sequence[Shape] = toys.SHAPES,
    spaces: Sequence[LatentSpace] = toys.SPACES,
) -> list[Outcome]:
    """Check one part with its settings: every rule of its kind, in every case that it covers."""
    kit = KITS[chosen.part.kind]
    outcomes = []
    for given in _list_given(chosen.part.kind, data_dir, shapes):
        case = kit.case(chosen, given)
        built = attempt_apart(part_checks.the_factory_builds_what_it_was_registered_as, case)
        outcomes.append(built)
        if built.status == "passed":
            outcomes += [attempt(check, case) for check in part_checks.CHECKS + kit.on_the_part]
            outcomes += _on_each_space(kit, case, spaces)
    return outcomes


def _on_each_space(kit: Kit, part: Case, spaces: Sequence[LatentSpace]) -> Iterator[Outcome]:
    for space in spaces if kit.on_each_space else ():
        case = SpaceCase(part.chosen, part.given, space=space)
        taken = attempt(part_checks.it_takes_this_space_or_says_why_not, case)
        yield taken
        if taken.status == "passed":
            yield from (attempt(check, case) for check in kit.on_each_space)


def _list_given(
    kind: str, data_dir: Path, shapes: Sequence[Shape]
) -> list[tuple[Path | Shape, ...]]:
    """List the arguments of the factories of that kind, for each time that one is tried."""
    every: Mapping[str | None, list[tuple[Path | Shape, ...]]] = {
        None: [()],
        "data_dir": [(data_dir,)],
        "shape": [(shape,) for shape in shapes],
    }
    return every[GIVEN[kind]]
