"""Autoencoders whose latents are grids of sparse codes, and a sampler of such codes.

A sparse code is a few atoms of a dictionary, each scaled by a coefficient.
"""

from samplebench import Register, hookimpl
from samplebench_dictionary.dictionary import DictionarySampler
from samplebench_dictionary.dl_gan import dl_gan
from samplebench_dictionary.dl_vae import dl_vae


@hookimpl
def register_autoencoders(register: Register) -> None:
    register("dl-vae", dl_vae)
    register("dl-gan", dl_gan)


@hookimpl
def register_samplers(register: Register) -> None:
    register("dictionary", DictionarySampler)
