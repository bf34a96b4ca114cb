"""Energy perplexity: the effective number of atoms that share a dictionary's coefficients."""

import torch

from samplebench import Evidence, LatentSpace, Metric, Need, Sparse
from samplebench_metrics.code_usage import perplexity


class EnergyPerplexity(Metric):
    """The effective number of atoms in use, each weighted by its energy: ``exp(−Σ p log p)``.

    ``p_k = Σ γ_k² / Σ γ²``, over all sites of all held-out latents: the share of atom k in the
    squared coefficients. For sparse latents only. An atom that is often active with small
    coefficients adds to ``codebook-perplexity`` and hardly to this; the unit of the coefficients
    changes nothing. 1, the least, where every coefficient is 0.
    """

    title = "energy perplexity"
    better = "higher"
    subject = "autoencoder"
    needs = frozenset({Need.LATENTS})

    def refuses(self, space: LatentSpace) -> str | None:
        return None if isinstance(space, Sparse) else "needs sparse latents"

    def measure(self, evidence: Evidence) -> float:
        latents = evidence.test_latents
        used, atoms = torch.unique(latents.codes, return_inverse=True)
        energies = latents.values.double().square().flatten()  # (samples x sites x active,)
        # bincount would do, but with weights it has no deterministic form on a GPU.
        totals = energies.new_zeros(len(used)).index_add_(0, atoms.flatten(), energies)
        return perplexity(totals)
