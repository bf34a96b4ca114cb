"""Samplers that need no network: Gaussians, histograms, and the training latents themselves.

Whatever is here learns in closed form or by a few passes over the latents, never by gradients.
"""

from samplebench import Register, hookimpl
from samplebench_density.copula import Copula
from samplebench_density.gaussian import Gaussian
from samplebench_density.gmm import GaussianMixture
from samplebench_density.jittered_resample import JitteredResample
from samplebench_density.kde import KDE
from samplebench_density.pmfs import PMFS
from samplebench_density.resample import Resample
from samplebench_density.standard_normal import StandardNormal


@hookimpl
def register_samplers(register: Register) -> None:
    register("standard-normal", StandardNormal)
    register("gaussian", Gaussian)
    register("gmm", GaussianMixture)
    register("pmfs", PMFS, later=("weights",))
    register("kde", KDE)
    register("copula", Copula)
    register("resample", Resample)
    register("jittered-resample", JitteredResample)
