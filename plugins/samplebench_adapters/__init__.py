"""Adapters: autoencoders that other libraries trained and saved, as parts of samplebench.

The libraries are imported when a model is loaded, and never before.
"""

from samplebench import Register, hookimpl
from samplebench_adapters.autoencoder_kl import SavedAutoencoderKL
from samplebench_adapters.autoencoder_tiny import SavedAutoencoderTiny
from samplebench_adapters.pythae_model import SavedPythaeModel
from samplebench_adapters.vq_model import SavedVQModel


@hookimpl
def register_autoencoders(register: Register) -> None:
    register("pythae", SavedPythaeModel)
    register("autoencoder-kl", SavedAutoencoderKL)
    register("vq-model", SavedVQModel)
    register("autoencoder-tiny", SavedAutoencoderTiny)
