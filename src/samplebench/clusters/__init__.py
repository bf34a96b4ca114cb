"""Clusters of points, from which mixture models are initialised. No sampler is defined here."""

from samplebench.clusters.centres import k_means
from samplebench.clusters.choosing import chosen

__all__ = ["chosen", "k_means"]
