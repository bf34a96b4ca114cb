"""Autoencoders whose latents are grids of codes."""

from samplebench import Register, hookimpl
from samplebench_quantized.fsq import fsq
from samplebench_quantized.gm_vq import gm_vq
from samplebench_quantized.lfq import lfq
from samplebench_quantized.residual_vq import residual_vq
from samplebench_quantized.sq_vae import sq_vae
from samplebench_quantized.vq_gan import vq_gan
from samplebench_quantized.vq_vae import vq_vae


@hookimpl
def register_autoencoders(register: Register) -> None:
    register("vq-vae", vq_vae)
    register("vq-gan", vq_gan)
    register("residual-vq", residual_vq)
    register("fsq", fsq)
    register("lfq", lfq)
    register("sq-vae", sq_vae)
    register("gm-vq", gm_vq)
