"""Loading plugins one by one: a broken one is reported, and the rest goes on."""

import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import entry_points
from itertools import repeat
from pathlib import Path

import pluggy

from samplebench.apart import CAN_FORK, call_apart
from samplebench.error_text import cut, describe
from samplebench.errors import PluginError, UsageError
from samplebench.missing import Missing
from samplebench.registry import hookspecs
from samplebench.registry.offers import offered_by, require_api
from samplebench.registry.plugin import Plugin
from samplebench.registry.registry import GIVEN, Part, Registry
from samplebench.registry.source import Source

GROUP = "samplebench"


@dataclass(frozen=True)
class Choice:
    """The plugins to load: installed ones less ``disabled``, and single ``files``.

    With ``strict``, a broken plugin is an error.
    """

    files: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    strict: bool = False
    installed: bool = True

    def without(self, broken: Iterable["BrokenPlugin"]) -> "Choice":
        """The choice less plugins that are broken, for processes that shall not try them again."""
        broken = tuple(broken)
        files = {str(problem.file) for problem in broken if problem.file}
        names = tuple(problem.name for problem in broken if problem.file is None)
        kept = tuple(file for file in self.files if str(Path(file).resolve()) not in files)
        return replace(self, files=kept, disabled=(*self.disabled, *names))


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
    return _load(choice, lambda attempts: repeat(None))


def load_tried_parts(choice: Choice = Choice()) -> Parts:
    """The same, but each plugin that is not bundled is loaded in a process of its own before.

    One that ends or holds up that process is broken. Whatever plugins print is left out.
    """
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        return _load(choice, _try)


_Attempt = Callable[[], "BrokenPlugin | None"]


def _load(
    choice: Choice, trial: Callable[[list[_Attempt]], Iterable["BrokenPlugin | Missing | None"]]
) -> Parts:
    sources = find_sources(choice)
    loaded = _Loaded(sources)
    for source in sources:
        if source.is_bundled:
            loaded.add(source)
    others = [source for source in sources if not source.is_bundled]
    # Each is tried where those before it are loaded, whose names it may not take.
    problems = trial([partial(loaded.add, source) for source in others])
    for source, problem in zip(others, problems, strict=False):
        if isinstance(problem, Missing):
            problem = _broken(source, problem.reason)
        if problem:
            loaded.broken.append(problem)
        else:
            loaded.add(source)  # which takes note of a problem that shows only here
    if loaded.broken and choice.strict:
        details = "\n".join(f"{problem}\n{problem.trace}".strip() for problem in loaded.broken)
        raise PluginError(f"{details}\nLeave out --strict-plugins to go on without them.")
    return loaded.parts


def _try(attempts: list[_Attempt]) -> Iterator["BrokenPlugin | Missing | None"]:
    """Make attempts in a child process; after one that ends it, in another one.

    Where processes cannot be forked there is no trial: the attempt itself would load the plugin.
    """
    if not CAN_FORK:
        yield from (None for _ in attempts)
        return
    while attempts:
        with closing(call_apart(attempts)) as problems:
            for problem in problems:
                attempts = attempts[1:]
                yield problem


class _Loaded:
    """The plugins that were loaded so far, and those that could not be."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._parts: list[Part] = []
        self._plugins: list[Plugin] = []
        self.broken: list[BrokenPlugin] = []

    def add(self, source: Source) -> "BrokenPlugin | None":
        """Load one; give the problem if it has any."""
        roots = frozenset(
            other.root for other in self._sources if other.distribution == source.distribution
        )
        try:
            plugin = source.load(roots)
            require_api(plugin)
            self._parts += offered_by(plugin, self._parts)
            self._plugins.append(plugin)
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:  # a plugin may raise anything, SystemExit included
            self.broken.append(_report(source, error))
            return self.broken[-1]
        return None

    @property
    def parts(self) -> Parts:
        of = {
            kind: Registry(kind, [part for part in self._parts if part.kind == kind])
            for kind in GIVEN
        }
        return Parts(
            of["dataset"],
            of["autoencoder"],
            of["sampler"],
            of["features"],
            of["metric"],
            tuple(self._plugins),
            tuple(self.broken),
        )


def warm_up(parts: Parts) -> None:
    """Let every plugin import what it needs before processes are forked.

    One that cannot is passed over: its parts will tell why when they are used. Those that are not
    bundled do it in a process of its own before.
    """
    for plugin in parts.plugins:
        manager = pluggy.PluginManager("samplebench")
        manager.add_hookspecs(hookspecs)
        manager.register(plugin.hooks, plugin.name)
        if manager.hook.warm_up.get_hookimpls() and (plugin.is_bundled or _can(manager)):
            with suppress(Exception):
                manager.hook.warm_up()


def _can(manager: pluggy.PluginManager) -> bool:
    """Say if a plugin can warm up without an end to the process."""

    def attempt() -> None:
        manager.hook.warm_up()

    return not any(isinstance(problem, Missing) for problem in call_apart([attempt]))


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
    installed.sort(key=lambda source: (not source.is_bundled, source.distribution, source.name))
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


def _report(source: Source, error: BaseException) -> BrokenPlugin:
    is_reported = isinstance(error, PluginError | pluggy.PluginValidationError)
    text = describe(error)
    reason = text if is_reported else f"{type(error).__name__}: {text}"
    # Where it happened; how we came there is of no use to its author.
    return _broken(source, reason, "" if is_reported else _trace(error))


def _trace(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error, limit=-1))
    except BaseException:  # it is a plugin's class
        return ""


def _broken(source: Source, reason: str, trace: str = "") -> BrokenPlugin:
    return BrokenPlugin(
        source.name,
        f"{source.distribution} {source.version}".strip(),
        cut(" ".join(reason.split())),
        trace,
        source.target if isinstance(source.target, Path) else None,
    )
