"""Priors: samplers of codes inside another sampler, given as ``prior: Sampler | str``.

A sampler with a prior refuses, copies, saves and restores it by these functions.
"""

import copy
from collections.abc import Mapping

from torch import Tensor

from samplebench.contracts.latents import Discrete
from samplebench.contracts.sampler import DensitySampler, Sampler

_IN_STATE = "prior."


def objection_of(prior: Sampler | str, codes: Discrete) -> str | None:
    """Return the prior's reason for refusing these codes, or ``None``.

    A prior given as a spec is unknown until it is built, and gives ``None``.
    """
    if isinstance(prior, str):
        return None
    reason = prior.objection(codes)
    return f"its prior {_name(prior)}: {reason}" if reason else None


def no_density_of(prior: Sampler | str, codes: Discrete) -> str | None:
    """Return the reason that the prior gives these codes no probability, or ``None``."""
    if isinstance(prior, str):
        return None
    if not isinstance(prior, DensitySampler):
        return f"its prior {_name(prior)} states no probabilities"
    reason = prior.no_density(codes)
    return f"its prior {_name(prior)}: {reason}" if reason else None


def own_copy(prior: Sampler | str, codes: Discrete) -> Sampler:
    """Copy the prior for a fit to these codes, so that the setting itself stays unfitted.

    Raises:
        ValueError: the prior is a spec, which only the harness can build, or refuses the codes.
    """
    if isinstance(prior, str):
        raise ValueError(
            f"prior={prior!r} is the spec of a sampler, and only the harness builds specs: "
            "in Python pass a sampler of codes, such as prior=CodeHistogram()"
        )
    if reason := objection_of(prior, codes):
        raise ValueError(reason)
    return copy.deepcopy(prior)


def state_of(prior: Sampler) -> Mapping[str, Tensor]:
    """Return the prior's state, with prefixed names."""
    return {f"{_IN_STATE}{name}": tensor for name, tensor in prior.state().items()}


def restored(prior: Sampler | str, codes: Discrete, state: Mapping[str, Tensor]) -> Sampler:
    """Copy the prior and restore the fit that ``state_of`` saved."""
    fresh = own_copy(prior, codes)
    own = {
        name.removeprefix(_IN_STATE): tensor
        for name, tensor in state.items()
        if name.startswith(_IN_STATE)
    }
    fresh.restore(codes, own)
    return fresh


def diagnostics_of(prior: Sampler) -> Mapping[str, float]:
    """Return the prior's diagnostics, with prefixed names."""
    return {f"prior_{name}": number for name, number in prior.diagnostics().items()}


def _name(prior: Sampler) -> str:
    return type(prior).__name__
