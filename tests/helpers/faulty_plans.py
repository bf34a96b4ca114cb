"""Parts with every fault that one may have while it is built or asked, and plugins at import."""

import ctypes
import os
import random
import sys
import time
from functools import wraps

import torch
from toy_parts import Distance, Linear, Normal, Pixels, Stripes

from samplebench import hookimpl


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("no text")


def _raise():
    raise RuntimeError("not today")


def _raise_the_unspeakable():
    raise Unspeakable


def _raise_a_book():
    raise RuntimeError("x" * 50_000_000)


def _interrupt():
    raise KeyboardInterrupt


def _exit():
    sys.exit()


def _exit_at_once():
    os._exit(0)


def _segfault():
    ctypes.string_at(0)


def _hang():
    time.sleep(1000)


def _recur():
    _recur()


def _hang_with_a_daemon():
    """Hang, with a process that holds whatever pipes it was given."""
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", _SLEEP, "samplebench-test-daemon"])
    time.sleep(1000)


def _end_with_a_daemon():
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(3)


_SLEEP = "import time; time.sleep(1000)"

FAULTS = {
    "raises": _raise,
    "raises-the-unspeakable": _raise_the_unspeakable,
    "raises-a-book": _raise_a_book,
    "interrupts": _interrupt,
    "exits": _exit,
    "exits-at-once": _exit_at_once,
    "segfaults": _segfault,
    "hangs": _hang,
    "recurs": _recur,
}
DAEMONS = {"hangs-with-a-daemon": _hang_with_a_daemon, "ends-with-a-daemon": _end_with_a_daemon}


def _print_without_end():
    for _ in range(100):
        print("x" * 2**20, flush=True)
        os.write(2, b"y" * 2**20)


def _change_the_world():
    torch.manual_seed(0)
    random.seed(0)
    torch.set_default_dtype(torch.float64)
    os.chdir("/")
    os.environ["HOME"] = "/nowhere"
    torch.nn.Linear.forward = None
    time.monotonic = None


ODD = {"prints-without-end": _print_without_end, "changes-the-world": _change_the_world}


def _make(kind, name, fault, method):
    """A kind of part whose ``method``, or property, has a fault."""

    if method in ("latent_space", "shape"):
        faulty = property(lambda self: fault(), lambda self, value: None)
    elif getattr(kind, method) is object.__init__:
        faulty = lambda self: fault()  # noqa: E731 - as the others

    else:
        whole = getattr(kind, method)

        @wraps(whole)  # its settings are those of the factory
        def faulty(self, *given, **settings):
            fault()
            return whole(self, *given, **settings)

    return type(name.title().replace("-", ""), (kind,), {method: faulty, "__module__": __name__})


PLACES = {
    "sampler-init": (Normal, "__init__"),
    "sampler-refuses": (Normal, "refuses"),
    "autoencoder-init": (Linear, "__init__"),
    "autoencoder-space": (Linear, "latent_space"),
    "dataset-init": (Stripes, "__init__"),
    "dataset-shape": (Stripes, "shape"),
    "features-init": (Pixels, "__init__"),
    "metric-init": (Distance, "__init__"),
    "metric-refuses": (Distance, "refuses"),
}
WHERE_ONE_HANGS = ("sampler-init", "autoencoder-space", "dataset-shape", "metric-refuses")


def _parts(kind):
    """Each place and each fault."""
    for place, (base, method) in PLACES.items():
        if place.startswith(kind):
            for name, fault in FAULTS.items():
                if name == "hangs" and place not in WHERE_ONE_HANGS:
                    continue  # each takes as long as a question may
                yield f"{place}-{name}", _make(base, name, fault, method)


@hookimpl
def register_datasets(register):
    for name, part in _parts("dataset"):
        register(name, part)


@hookimpl
def register_autoencoders(register):
    for name, part in _parts("autoencoder"):
        register(name, part)


@hookimpl
def register_samplers(register):
    for name, part in _parts("sampler"):
        register(name, part)
    for name, fault in (ODD | DAEMONS).items():
        register(name, _make(Normal, name, fault, "refuses"))


@hookimpl
def register_features(register):
    for name, part in _parts("features"):
        register(name, part)


@hookimpl
def register_metrics(register):
    for name, part in _parts("metric"):
        register(name, part)
