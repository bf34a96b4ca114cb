"""Autoencoders whose latent is a grid of sparse codes: a few atoms of a dictionary, scaled."""

from samplebench import Register, hookimpl
from samplebench_dictionary.dl_gan import dl_gan
from samplebench_dictionary.dl_vae import dl_vae


@hookimpl
def register_autoencoders(register: Register) -> None:
    register("dl-vae", dl_vae)
    register("dl-gan", dl_gan)
