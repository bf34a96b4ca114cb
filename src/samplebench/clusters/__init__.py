"""Clusters of points, for the methods that start from them: nothing here is a sampler."""

from samplebench.clusters.centres import k_means
from samplebench.clusters.choosing import chosen

__all__ = ["chosen", "k_means"]
