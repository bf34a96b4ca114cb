"""Metrics, and the features in which images are compared."""

from samplebench import Register, hookimpl
from samplebench_metrics.authenticity import Authenticity
from samplebench_metrics.bits_per_image import BitsPerImage
from samplebench_metrics.bits_per_site import BitsPerSite
from samplebench_metrics.classifier import Classifier
from samplebench_metrics.closeness import Closeness
from samplebench_metrics.codebook_perplexity import CodebookPerplexity
from samplebench_metrics.codes_used import CodesUsed
from samplebench_metrics.data_copying import DataCopying
from samplebench_metrics.energy_perplexity import EnergyPerplexity
from samplebench_metrics.fit_cpu_seconds import FitCpuSeconds
from samplebench_metrics.fit_seconds import FitSeconds
from samplebench_metrics.frechet_distance import FrechetDistance
from samplebench_metrics.held_out_bits import HeldOutBits
from samplebench_metrics.inception import Inception
from samplebench_metrics.latent_authenticity import LatentAuthenticity
from samplebench_metrics.mobilenet import MobileNet
from samplebench_metrics.module_file import ModuleFile
from samplebench_metrics.near_copies import NearCopies
from samplebench_metrics.peak_device_memory import PeakDeviceMemory
from samplebench_metrics.peak_host_memory import PeakHostMemory
from samplebench_metrics.psnr import PSNR
from samplebench_metrics.random_conv import RandomConv
from samplebench_metrics.raw import Raw
from samplebench_metrics.reconstruction_frechet_distance import ReconstructionFrechetDistance
from samplebench_metrics.reconstruction_mse import ReconstructionMSE
from samplebench_metrics.samples_per_second import SamplesPerSecond
from samplebench_metrics.sliced_wasserstein import SlicedWasserstein
from samplebench_metrics.ssim import SSIM


@hookimpl
def register_features(register: Register) -> None:
    register("inception", Inception)
    register("mobilenet", MobileNet)
    register("module", ModuleFile)
    register("classifier", Classifier)
    register("random-conv", RandomConv)
    register("raw", Raw)


@hookimpl
def register_metrics(register: Register) -> None:
    register("frechet-distance", FrechetDistance)
    register("sliced-wasserstein", SlicedWasserstein)
    register("held-out-bits", HeldOutBits)
    register("latent-authenticity", LatentAuthenticity)
    register("authenticity", Authenticity)
    register("near-copies", NearCopies)
    register("closeness", Closeness)
    register("data-copying", DataCopying)
    register("codebook-perplexity", CodebookPerplexity)
    register("energy-perplexity", EnergyPerplexity)
    register("codes-used", CodesUsed)
    register("bits-per-site", BitsPerSite)
    register("bits-per-image", BitsPerImage)
    register("reconstruction-mse", ReconstructionMSE)
    register("psnr", PSNR)
    register("ssim", SSIM)
    register("reconstruction-frechet-distance", ReconstructionFrechetDistance)
    register("fit-seconds", FitSeconds)
    register("fit-cpu-seconds", FitCpuSeconds)
    register("samples-per-second", SamplesPerSecond)
    register("peak-host-memory", PeakHostMemory)
    register("peak-device-memory", PeakDeviceMemory)


@hookimpl
def warm_up() -> None:
    import torch_fidelity.metric_fid  # noqa: F401 - saves every child process seconds
    import torchmetrics.functional.image  # noqa: F401
