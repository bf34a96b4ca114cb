"""Python processes of their own that start in milliseconds, since torch is imported once for all.

They are forked from a server that holds torch ready, and are otherwise as fresh as others:
samplebench and its plugins are imported anew, torch is in ``sys.modules`` only after something
imported it, and no types are checked at run time. Tests of the start itself, of signals and of
broken streams need ``subprocess``.
"""

import atexit
import importlib
import importlib.abc
import importlib.machinery
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
import types
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_PRELOADED = ("torch", "torch._dynamo", "torchvision", "sklearn.mixture", "scipy.stats")
_OF_TORCH = {"torch", "torchgen", "functorch", "torchvision"}

PROGRAM = "import sys; from samplebench.cli import main; sys.exit(main(sys.argv[1:]))"
"""The program that is ``samplebench``."""

_server: "subprocess.Popen[str] | None" = None


def run_python(
    program: str,
    *words: object,
    cwd: Path | str | None = None,
    env: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run ``python -c PROGRAM WORDS``, with no input; its exit code, output and messages."""
    server = _running_server()
    assert server.stdin
    assert server.stdout
    with tempfile.TemporaryDirectory() as folder:
        streams = [str(Path(folder) / name) for name in ("out", "err")]
        asked = {
            "program": program,
            "words": [str(word) for word in words],
            "cwd": str(cwd or os.getcwd()),
            "env": dict(os.environ if env is None else env),
            "streams": streams,
        }
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        out, err = (Path(stream).read_text(encoding="utf-8") for stream in streams)
    return subprocess.CompletedProcess([program, *asked["words"]], code, out, err)


def _running_server() -> "subprocess.Popen[str]":
    """The server of this process, which ends with it."""
    global _server
    if _server is None or _server.poll() is not None:
        _server = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(_end, _server)
    return _server


def _end(server: "subprocess.Popen[str]") -> None:
    assert server.stdin
    server.stdin.close()
    server.wait()


class _Ready(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Puts torch and what needs it back when the first of these is imported."""

    def __init__(self, modules: Mapping[str, types.ModuleType]) -> None:
        self._modules = dict(modules)

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name in self._modules else None

    def create_module(self, spec):
        modules, self._modules = self._modules, {}
        for name, module in modules.items():
            sys.modules.setdefault(name, module)
        self._found = modules[spec.name], modules[spec.name].__spec__
        return modules[spec.name]

    def exec_module(self, module):
        """Give it its own spec back; the server carried it out."""
        module, module.__spec__ = self._found


def _serve() -> None:
    """Answer each line of the input, a process to start, by its exit code."""
    questions, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what is printed on import is no answer
    for name in _PRELOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    ready = {
        name: module for name, module in sys.modules.items() if name.partition(".")[0] in _OF_TORCH
    }
    for name in ready:
        del sys.modules[name]
    for line in questions:
        child = os.fork()
        if not child:
            questions.close()
            answers.close()
            sys.meta_path.insert(0, _Ready(ready))
            _become(**json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _become(program: str, words: list[str], cwd: str, env: dict[str, str], streams: list[str]):
    """Be the process that was asked for, to its end."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, stream in enumerate(streams, start=1):
        os.dup2(os.open(stream, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    encoding = env.get("PYTHONIOENCODING", "utf-8")
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(number, "w", closefd=False), encoding, errors)
        for number, errors in ((1, "strict"), (2, "backslashreplace"))
    )
    sys.path[0] = ""
    sys.path[1:1] = filter(None, env.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = ["-c", *words]
    sys.modules["__main__"] = main = types.ModuleType("__main__")
    code: object = 0
    try:
        exec(compile(program, "<string>", "exec"), vars(main))
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    with suppress(BaseException):
        threading._shutdown()
        atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    _serve()
