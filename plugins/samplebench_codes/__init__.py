"""Samplers of codes: priors over a grid, from histograms to a transformer, and that of GM-VQ.

Samplers that train a network use the harness's loop, and stop early on latents that they hold out.
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
