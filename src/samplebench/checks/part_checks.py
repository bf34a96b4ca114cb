"""The rules that hold for parts of every kind."""

from collections.abc import Mapping

from samplebench.checks import toys
from samplebench.checks.case import CannotApply, Case, SpaceCase, require
from samplebench.contracts.autoencoder import Autoencoder
from samplebench.contracts.dataset import Dataset
from samplebench.contracts.features import FeatureExtractor
from samplebench.contracts.metric import Metric
from samplebench.contracts.sampler import Sampler
from samplebench.errors import BadSetting

CONTRACTS: Mapping[str, type] = {
    "dataset": Dataset,
    "autoencoder": Autoencoder,
    "sampler": Sampler,
    "features": FeatureExtractor,
    "metric": Metric,
}


def the_factory_builds_what_it_was_registered_as(case: Case) -> None:
    """A factory gives an object of the contract that its hook stands for.

    One that raises ValueError for what its kind is given (samples of a shape that it does
    not take) is not checked there.
    """
    try:
        part = case.build()
    except BadSetting as error:
        if case.given and isinstance(error.__cause__, ValueError):
            raise CannotApply(str(error)) from error
        raise
    contract = CONTRACTS[case.chosen.part.kind]
    require(
        isinstance(part, contract),
        f"it is registered as {case.chosen.part.kind}, but the factory gives a "
        f"{type(part).__name__}, which is no samplebench.{contract.__name__}",
    )


def settings_are_kept_under_their_own_names(case: Case) -> None:
    """Every setting of a part that its class makes is an attribute with the value given.

    A setting with the name of one of its methods cannot be one.
    """
    if not isinstance(case.chosen.part.factory, type):
        raise CannotApply("its factory is a function, and this is about classes")
    if not case.chosen.settings:
        raise CannotApply("it has no settings")
    part = case.build()
    for name, value in case.chosen.settings.items():
        if callable(getattr(type(part), name, None)):
            continue  # `train` of a dataset, say
        require(hasattr(part, name), f"the setting {name}={value!r} is not kept as .{name}")
        if name in case.chosen.inner:
            continue  # a sampler was built from that text
        require(
            getattr(part, name) == value,
            f"the setting {name}={value!r} is kept as {getattr(part, name)!r}",
        )


def it_takes_this_space_or_says_why_not(case: SpaceCase) -> None:
    """``objection`` raises nothing; where it gives a reason, nothing more is asked."""
    part = case.build()
    asked = (toys.SHAPES[0], case.space) if isinstance(part, Metric) else (case.space,)
    objection = part.objection(*asked)
    if objection is not None:
        raise CannotApply(str(objection))


CHECKS = (settings_are_kept_under_their_own_names,)
