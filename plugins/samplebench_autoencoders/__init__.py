"""Autoencoders whose latents are one vector a sample."""

from samplebench import Register, hookimpl
from samplebench_autoencoders.aae import LatentAdversarialAutoencoder
from samplebench_autoencoders.ae import PlainAutoencoder
from samplebench_autoencoders.beta_vae import BetaVariationalAutoencoder
from samplebench_autoencoders.contractive import ContractiveAutoencoder
from samplebench_autoencoders.denoising import DenoisingAutoencoder
from samplebench_autoencoders.info_vae import InfoVariationalAutoencoder
from samplebench_autoencoders.rae import RegularisedAutoencoder
from samplebench_autoencoders.vae import VariationalAutoencoder
from samplebench_autoencoders.vamp_vae import VampPriorAutoencoder
from samplebench_autoencoders.wae_mmd import WassersteinAutoencoder


@hookimpl
def register_autoencoders(register: Register) -> None:
    register("ae", PlainAutoencoder)
    register("denoising", DenoisingAutoencoder)
    register("contractive", ContractiveAutoencoder)
    register("rae", RegularisedAutoencoder)
    register("vae", VariationalAutoencoder, later=("latents",))
    register("beta-vae", BetaVariationalAutoencoder, later=("latents",))
    register("info-vae", InfoVariationalAutoencoder, later=("latents",))
    register("wae-mmd", WassersteinAutoencoder)
    register("aae", LatentAdversarialAutoencoder)
    register("vamp-vae", VampPriorAutoencoder, later=("latents",))
