"""A sampler of codes inside another sampler, ``prior: Sampler | str``: asked before work, copied,
and kept in its state.
"""

import copy
from collections.abc import Mapping

from torch import Tensor

from samplebench.contracts.latents import Discrete
from samplebench.contracts.sampler import DensitySampler, Sampler

_IN_STATE = "prior."


def objection_of(prior: Sampler | str, codes: Discrete) -> str | None:
    """Why the prior cannot learn these codes; nothing is known of one that is still a text."""
    if isinstance(prior, str):
        return None
    reason = prior.objection(codes)
    return f"its prior {_name(prior)}: {reason}" if reason else None


def no_density_of(prior: Sampler | str, codes: Discrete) -> str | None:
    """Why the prior gives these codes no probability, or ``None``."""
    if isinstance(prior, str):
        return None
    if not isinstance(prior, DensitySampler):
        return f"its prior {_name(prior)} states no probabilities"
    reason = prior.no_density(codes)
    return f"its prior {_name(prior)}: {reason}" if reason else None


def own_copy(prior: Sampler | str, codes: Discrete) -> Sampler:
    """A prior to be fitted to these codes, so that the one that was asked for stays as it was.

    Raises:
        ValueError: it is a text, which only the harness can look up, or cannot learn the codes.
    """
    if isinstance(prior, str):
        raise ValueError(
            f"prior={prior!r} is the spec of a sampler, and only the harness looks specs up: "
            "in Python pass a sampler of codes, such as prior=CodeHistogram()"
        )
    if reason := objection_of(prior, codes):
        raise ValueError(reason)
    return copy.deepcopy(prior)


def state_of(prior: Sampler) -> Mapping[str, Tensor]:
    """Its state, under names of their own."""
    return {f"{_IN_STATE}{name}": tensor for name, tensor in prior.state().items()}


def restored(prior: Sampler | str, codes: Discrete, state: Mapping[str, Tensor]) -> Sampler:
    """A copy of the prior with the fit that ``state_of`` found."""
    fresh = own_copy(prior, codes)
    own = {
        name.removeprefix(_IN_STATE): tensor
        for name, tensor in state.items()
        if name.startswith(_IN_STATE)
    }
    fresh.restore(codes, own)
    return fresh


def diagnostics_of(prior: Sampler) -> Mapping[str, float]:
    """What it tells of its fit, under names of their own."""
    return {f"prior_{name}": number for name, number in prior.diagnostics().items()}


def _name(prior: Sampler) -> str:
    return type(prior).__name__
