"""Samplers with every fault that a part may have: a plugin file, loaded with that of the toys."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import torch
from toy_parts import Normal

from samplebench import hookimpl


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("no text")


def start_daemon():
    """Leave a process behind that has no tie to this one: it would burn a core for a minute."""
    burn = "import os, time\nend = time.time() + 60\nwhile time.time() < end: pass"
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, "-c", burn, "samplebench-test-daemon"])
        os._exit(0)


def faulty(name):
    """Register a fault: what a sampler does when it is fitted."""

    def register(fault):
        def fit(self, latents):
            Normal.fit(self, latents)
            fault()

        FAULTS[name] = type(
            name.title().replace("-", ""), (Normal,), {"fit": fit, "__module__": __name__}
        )
        return fault

    return register


FAULTS = {}


@faulty("raises")
def _raise():
    raise RuntimeError("no fit today")


@faulty("raises-a-book")
def _raise_a_book():
    raise RuntimeError("x" * 50_000_000)


@faulty("raises-the-unspeakable")
def _raise_the_unspeakable():
    raise Unspeakable


@faulty("raises-no-text")
def _raise_no_text():
    raise RuntimeError("lone \udcff, bell \x07, escape \x1b[31m, <script>\n\0")


@faulty("interrupts-itself")
def _interrupt_itself():
    raise KeyboardInterrupt


@faulty("exits")
def _exit():
    sys.exit()


@faulty("exits-at-once")
def _exit_at_once():
    os._exit(0)


@faulty("segfaults")
def _segfault():
    os.kill(os.getpid(), signal.SIGSEGV)


@faulty("segfaults-after-a-daemon")
def _segfault_after_a_daemon():
    start_daemon()
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGSEGV)


@faulty("recurs")
def _recur():
    _recur()


@faulty("hangs")
def _hang():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(1000)


@faulty("hangs-with-grandchildren")
def _hang_with_grandchildren():
    start_daemon()
    subprocess.run([sys.executable, "-c", "import time; time.sleep(1000)"])


@faulty("allocates")
def _allocate():
    held = []
    while True:
        held.append(torch.ones(2**22))
        time.sleep(0.001)


@faulty("allocates-in-a-grandchild")
def _allocate_in_a_grandchild():
    subprocess.run([sys.executable, "-c", "x = [b'1' * 2**20 for _ in range(2**20)]"])


@faulty("allocates-at-once")
def _allocate_at_once():
    torch.ones(2**50)


@faulty("starts-a-daemon")
def _start_a_daemon():
    start_daemon()


@faulty("leaves-a-thread")
def _leave_a_thread():
    threading.Thread(target=time.sleep, args=(1000,)).start()


@faulty("prints-without-end")
def _print_without_end():
    line = b"x" * 999 + b"\n"
    for _ in range(100_000):
        os.write(1, line)


@faulty("changes-the-world")
def _change_the_world():
    torch.manual_seed(7)
    np.random.seed(7)
    random.seed(7)
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    os.environ["SAMPLEBENCH_SITE_DATA"] = "/nowhere"
    os.chdir("/")
    os.umask(0o777)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@faulty("removes-the-workspace")
def _remove_the_workspace():
    shutil.rmtree(Path(os.environ["XDG_CACHE_HOME"]) / "samplebench", ignore_errors=True)


class WrongShape(Normal):
    def sample(self, count):
        return super().sample(count)[: count // 2]


class WrongType(Normal):
    def sample(self, count):
        return super().sample(count).values.numpy()


class WrongDevice(Normal):
    def sample(self, count):
        drawn = super().sample(count)
        return self.space.pack(values=drawn.values.to("meta"))


@hookimpl
def register_samplers(register):
    register("wrong-shape", WrongShape)
    register("wrong-type", WrongType)
    register("wrong-device", WrongDevice)
    for name, sampler in FAULTS.items():
        register(name, sampler)
