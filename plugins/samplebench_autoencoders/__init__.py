"""Autoencoders whose latent is one vector an image."""

from samplebench import Register, hookimpl
from samplebench_autoencoders.ae import PlainAutoencoder
from samplebench_autoencoders.vae import VariationalAutoencoder


@hookimpl
def register_autoencoders(register: Register) -> None:
    register("ae", PlainAutoencoder)
    register("vae", VariationalAutoencoder)
