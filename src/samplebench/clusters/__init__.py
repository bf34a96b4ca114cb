"""Clusters of points, from which mixture models are initialised. No sampler is defined here."""

from samplebench.clusters.centres import k_means
from samplebench.clusters.choosing import choose_by_weight

__all__ = ["choose_by_weight", "k_means"]
