"""Latents and samples that exist, as parts: what others made is measured as what is made here."""

from samplebench import Register, hookimpl
from samplebench_given.file import FromFile
from samplebench_given.identity import Identity


@hookimpl
def register_autoencoders(register: Register) -> None:
    register("identity", Identity)


@hookimpl
def register_samplers(register: Register) -> None:
    register("file", FromFile)
