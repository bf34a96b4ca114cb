"""Loading plugins one by one: a broken one is reported, and the rest goes on."""

import inspect
import traceback
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import pluggy

from samplebench.errors import PluginError, UsageError
from samplebench.names import LONGEST, is_name
from samplebench.plain_text import quote
from samplebench.registry import hookspecs
from samplebench.registry.hookspecs import API_VERSION, Factory
from samplebench.registry.plugin import Plugin
from samplebench.registry.registry import GIVEN, Part, Registry
from samplebench.registry.source import Source

GROUP = "samplebench"

_HOOKS = {
    "dataset": "register_datasets",
    "autoencoder": "register_autoencoders",
    "sampler": "register_samplers",
    "features": "register_features",
    "metric": "register_metrics",
}


@dataclass(frozen=True)
class Choice:
    """The plugins to load: installed ones less ``disabled``, and single ``files``.

    With ``strict``, a broken plugin is an error.
    """

    files: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    strict: bool = False
    installed: bool = True


@dataclass(frozen=True)
class BrokenPlugin:
    """A plugin that could not be used, and why."""

    name: str
    distribution: str
    reason: str
    trace: str
    file: Path | None
    """Its file, if it is no installed plugin."""

    def __str__(self) -> str:
        return f"plugin '{self.name}' of {self.distribution} is not used: {self.reason}"


@dataclass(frozen=True)
class Parts:
    """Everything that was loaded, and what could not be."""

    datasets: Registry
    autoencoders: Registry
    samplers: Registry
    features: Registry
    metrics: Registry
    plugins: tuple[Plugin, ...]
    broken: tuple[BrokenPlugin, ...]

    @property
    def registries(self) -> tuple[Registry, ...]:
        return (self.datasets, self.autoencoders, self.samplers, self.features, self.metrics)


def load_parts(choice: Choice = Choice()) -> Parts:
    """Load every plugin that was chosen into registries of their own.

    Raises:
        UsageError: a file that does not exist, or a disabled plugin that is not installed.
        PluginError: a plugin is broken and the choice is strict.
    """
    parts: list[Part] = []
    plugins: list[Plugin] = []
    broken: list[BrokenPlugin] = []
    sources = find_sources(choice)
    for source in sources:
        roots = frozenset(s.root for s in sources if s.distribution == source.distribution)
        try:
            plugin = source.load(roots)
            _require_api(plugin)
            parts += _offered(plugin, parts)
            plugins.append(plugin)
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:  # a plugin may raise anything, SystemExit included
            broken.append(_report(source, error))
    if broken and choice.strict:
        details = "\n".join(f"{problem}\n{problem.trace}".strip() for problem in broken)
        raise PluginError(f"{details}\nLeave out --strict-plugins to go on without them.")
    of = {kind: Registry(kind, [part for part in parts if part.kind == kind]) for kind in GIVEN}
    return Parts(
        of["dataset"],
        of["autoencoder"],
        of["sampler"],
        of["features"],
        of["metric"],
        tuple(plugins),
        tuple(broken),
    )


def warm_up(parts: Parts) -> None:
    """Let every plugin import what it needs before processes are forked.

    One that cannot is passed over: its parts will tell why when they are used.
    """
    for plugin in parts.plugins:
        manager = pluggy.PluginManager("samplebench")
        manager.add_hookspecs(hookspecs)
        manager.register(plugin.hooks, plugin.name)
        with suppress(Exception):
            manager.hook.warm_up()


def find_sources(choice: Choice) -> list[Source]:
    """Find the chosen plugins and import none of them.

    Bundled ones come first, then other distributions by name, then files: who comes first keeps a
    name.

    Raises:
        UsageError: a file that does not exist, or a disabled plugin that is not installed.
    """
    installed = []
    for point in entry_points(group=GROUP) if choice.installed else ():
        owner = point.dist.name if point.dist else "an unknown distribution"
        version = point.dist.version if point.dist else "unknown"
        installed.append(Source(point.name, owner, version, point))
    installed.sort(
        key=lambda source: (source.distribution != GROUP, source.distribution, source.name)
    )
    names = {source.name for source in installed}
    for name in choice.disabled:
        if name not in names:
            known = ", ".join(sorted(names)) or "none"
            raise UsageError(f"No plugin is called {name!r}. Installed: {known}.")
    files = [_file_source(Path(file)) for file in choice.files]
    each_once = {source.target: source for source in reversed(files)}.values()
    chosen = [source for source in installed if source.name not in choice.disabled]
    return [*chosen, *reversed(each_once)]


def _file_source(file: Path) -> Source:
    if not file.is_file() or file.suffix != ".py":
        raise UsageError(f"--plugin {file}: there is no such Python file.")
    return Source(file.stem, f"the file {file.name}", "", file.resolve())


def _require_api(plugin: Plugin) -> None:
    of_module = getattr(plugin.module, "samplebench_api", API_VERSION)
    stated = getattr(plugin.hooks, "samplebench_api", of_module)
    if stated != API_VERSION:
        raise PluginError(
            f"it is written for plugin API {stated}, and this samplebench has {API_VERSION}; "
            "install a version of it that fits"
        )


def _offered(plugin: Plugin, taken: Sequence[Part]) -> list[Part]:
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


def _report(source: Source, error: BaseException) -> BrokenPlugin:
    is_reported = isinstance(error, PluginError | pluggy.PluginValidationError)
    reason = str(error) if is_reported else f"{type(error).__name__}: {error}"
    return BrokenPlugin(
        source.name,
        f"{source.distribution} {source.version}".strip(),
        " ".join(reason.split()),
        # Where it happened; how we came there is of no use to its author.
        "" if is_reported else "".join(traceback.format_exception(error, limit=-1)),
        source.target if isinstance(source.target, Path) else None,
    )
