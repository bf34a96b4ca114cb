"""Samplers that train a network on the latents: flows, a second autoencoder, flow matching.

All train with the harness's loop, and stop early on latents that they hold out.
"""

from samplebench import Register, hookimpl
from samplebench_neural.flow import NormalisingFlow
from samplebench_neural.flow_matching import FlowMatching
from samplebench_neural.two_stage_vae import TwoStageVAE


@hookimpl
def register_samplers(register: Register) -> None:
    register("flow", NormalisingFlow)
    register("two-stage-vae", TwoStageVAE)
    register("flow-matching", FlowMatching)
