"""The parts that one plugin offers, which are taken all together or not at all."""

import inspect
from collections.abc import Collection, Iterable, Sequence

import pluggy

from samplebench.errors import PluginError
from samplebench.names import LONGEST, is_name
from samplebench.plain_text import quote
from samplebench.registry import hookspecs
from samplebench.registry.hookspecs import API_VERSION, Factory
from samplebench.registry.plugin import Plugin
from samplebench.registry.registry import GIVEN, Part

_HOOKS = {
    "dataset": "register_datasets",
    "autoencoder": "register_autoencoders",
    "sampler": "register_samplers",
    "features": "register_features",
    "metric": "register_metrics",
}


def require_api(plugin: Plugin) -> None:
    of_module = getattr(plugin.module, "samplebench_api", API_VERSION)
    stated = getattr(plugin.hooks, "samplebench_api", of_module)
    if stated != API_VERSION:
        raise PluginError(
            f"it is written for plugin API {stated}, and this samplebench has {API_VERSION}; "
            "install a version of it that fits"
        )


def offered_by(plugin: Plugin, taken: Sequence[Part]) -> list[Part]:
    """The parts that one plugin offers, all or none of them."""
    # A manager of its own, so that one plugin's mistake is not found again in the next.
    manager = pluggy.PluginManager("samplebench")
    manager.add_hookspecs(hookspecs)
    manager.register(plugin.hooks, plugin.name)
    # pluggy keeps a misspelt hook silently unless it is asked.
    manager.check_pending()
    offered: list[Part] = []
    for kind, hook in _HOOKS.items():

        def register(
            name: str, factory: Factory, *, later: Collection[str] = (), kind: str = kind
        ) -> None:
            _check_offer(kind, name, factory, later)
            part = Part(kind, name, factory, plugin, frozenset(later))
            _require_free(part, [*taken, *offered])
            offered.append(part)

        getattr(manager.hook, hook)(register=register)
    if not offered:
        raise PluginError("it registers nothing; mark its hooks with @samplebench.hookimpl")
    return offered


def _check_offer(kind: str, name: str, factory: Factory, later: Collection[str]) -> None:
    if not isinstance(name, str) or not is_name(name):
        raise PluginError(
            f"it registers a {kind} as {quote(name)}; names are lower case with hyphens, "
            f"of {LONGEST} characters at most"
        )
    if not callable(factory):
        raise PluginError(f"the factory of {kind} '{name}' cannot be called")
    parameters = inspect.signature(factory, eval_str=True).parameters
    given = GIVEN[kind]
    if given is not None and given != next(iter(parameters), None):
        raise PluginError(f"{kind} '{name}' does not take {given} first; that is what it is given")
    for setting, parameter in parameters.items():
        if setting == given:
            continue
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise PluginError(f"{kind} '{name}' takes {parameter}; settings are given by name")
        if parameter.default is parameter.empty:
            raise PluginError(f"{kind} '{name}': the setting {setting!r} needs a default")
    if unknown := sorted(set(later) - parameters.keys()):
        raise PluginError(f"{kind} '{name}' has no setting {unknown[0]!r}, which `later` names")


def _require_free(part: Part, taken: Iterable[Part]) -> None:
    for other in taken:
        if (other.kind, other.name) == (part.kind, part.name):
            raise PluginError(
                f"it registers the {part.kind} '{part.name}', a name that "
                f"plugin '{other.plugin.name}' of {other.plugin.distribution} has taken"
            )
