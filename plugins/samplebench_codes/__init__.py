"""Samplers of codes: priors over a grid, from a histogram a site to a transformer; and GM-VQ's.

Whatever trains a network does it by the harness's loop, and stops early on latents that it holds
out.
"""

from samplebench import Register, hookimpl
from samplebench_codes.code_histogram import CodeHistogram
from samplebench_codes.code_markov import CodeMarkov
from samplebench_codes.code_transformer import CodeTransformer
from samplebench_codes.gm_vq import GMVQ
from samplebench_codes.pixelcnn import PixelCNN


@hookimpl
def register_samplers(register: Register) -> None:
    register("code-histogram", CodeHistogram)
    register("code-markov", CodeMarkov)
    register("code-transformer", CodeTransformer)
    register("pixelcnn", PixelCNN)
    register("gm-vq", GMVQ)
