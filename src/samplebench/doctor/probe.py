"""The part of the examination that imports torch and plugins, in a process of its own.

``python -m samplebench.doctor.probe REQUEST PIPE`` writes a line of JSON to the file descriptor
PIPE before and after each thing that it looks at, so that one that ends the process is known.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from samplebench.doctor.answer import Answer

Look = Callable[[], Iterator[Answer]]


def main(request: str, pipe: int) -> None:
    """Look at everything that is asked for and not skipped; report it to the pipe."""
    asked: dict[str, Any] = json.loads(request)
    for what, look in _looks(asked):
        if what in asked["skip"]:
            continue
        _tell(pipe, {"begin": what})
        for answer in look():
            _tell(pipe, asdict(answer))
    _tell(pipe, {"end": True})


def _tell(pipe: int, content: dict[str, Any]) -> None:
    os.write(pipe, (json.dumps(content) + "\n").encode())


def _looks(asked: dict[str, Any]) -> Iterator[tuple[str, Look]]:
    """Everything to look at, with a name."""
    yield "torch", _import_torch
    from samplebench.doctor.devices import examine_device, list_devices

    for device in list_devices():
        yield f"device {device}", partial(examine_device, device)

    from samplebench.doctor import parts

    choice = parts.choose(asked["plugins"], asked["disabled"], asked["skip"])
    for source in parts.sources(choice):
        yield f"plugin {source.name}", partial(parts.import_plugin, source)
    loaded = parts.load(choice)
    yield "plugins", partial(parts.examine_plugins, loaded)

    from samplebench.doctor.abstinence import abstain

    abstain()
    data_dir = Path(asked["data_dir"])
    for name in loaded.datasets:
        yield f"dataset {name}", partial(parts.examine_dataset, loaded, name, data_dir)
    for name in loaded.features:
        yield f"features {name}", partial(parts.examine_features, loaded, name)


def _import_torch() -> Iterator[Answer]:
    from samplebench.pipeline.device import usable_threads

    found = f"{usable_threads()} of {os.cpu_count()} cores"
    yield Answer("devices", "threads", "ok", found)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
