"""Gaussians as affine maps of noise: K of them in D dimensions, ``x = mean_k + factor_k · noise``.

*Whitening* undoes the map of every component, ``y_k = factor_k⁻¹ (x − mean_k)``: in the view of
the component that it came from, a point is noise again. New means and covariances are estimated
in that view, where numbers are near 1 whatever the scale and correlation of the points, so that
products in float32 lose nothing that matters.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int64
from torch import Tensor

Points = Float[Tensor, "points D"]
Means = Float[Tensor, "K D"]
Covariances = Float[Tensor, "K D *D"]
"""(K, D, D), or only the diagonals, (K, D)."""
Whitened = Float[Tensor, "K points D"]


@dataclass(frozen=True, eq=False)
class Components(ABC):
    """K Gaussians. Parameters are float64; work is done in the type of the points."""

    means: Means
    factors: Covariances

    @classmethod
    @abstractmethod
    def isotropic(cls, means: Means, variance: Float[Tensor, ""]) -> "Components":
        """Build Gaussians of the same variance in all directions."""

    @classmethod
    @abstractmethod
    def of(cls, means: Means, covariances: Covariances, ridge: float) -> "Components":
        """Build Gaussians of these means and covariances, with ``ridge`` added to every variance.

        A covariance that is not positive definite even then gives factors of NaN.
        """

    @property
    @abstractmethod
    def log_volumes(self) -> Float[Tensor, " K"]:
        """The log of the factor by which each component stretches space, ``log |det factor|``."""

    @abstractmethod
    def whiten(self, points: Points) -> Whitened:
        """Map the points to every component's own view."""

    @abstractmethod
    def colour(self, noise: Points, owners: Int64[Tensor, " points"]) -> Points:
        """Map each row of noise to a point, by the component that owns it."""

    @staticmethod
    @abstractmethod
    def sum_squares(whitened: Whitened) -> Covariances:
        """Sum ``y yᵀ``, or its diagonal, over the points."""

    @abstractmethod
    def unwhiten_means(self, first: Means) -> Means:
        """Compute the means of points whose whitened views have these means of ``y``."""

    @abstractmethod
    def unwhiten_covariances(self, first: Means, second: Covariances) -> Covariances:
        """Compute the covariances of points whose whitened views have these means of ``y`` and of
        ``y yᵀ``.
        """

    @abstractmethod
    def stretch(self, scale: Float[Tensor, " D"]) -> Covariances:
        """Compute the factors in the coordinates ``scale · x``."""

    def transform(self, centre: Float[Tensor, " D"], scale: Float[Tensor, " D"]) -> "Components":
        """Express the same Gaussians in the coordinates ``centre + scale · x``."""
        # Contiguous, as tensors come back from a file: another layout rounds otherwise.
        return type(self)(centre + scale * self.means, self.stretch(scale).contiguous())


class Full(Components):
    """Gaussians of any covariance. ``factors`` are its lower Cholesky factors, (K, D, D)."""

    @classmethod
    def isotropic(cls, means: Means, variance: Float[Tensor, ""]) -> "Full":
        return cls(means, (variance.sqrt() * _axes(means)).repeat(len(means), 1, 1))

    @classmethod
    def of(cls, means: Means, covariances: Covariances, ridge: float) -> "Full":
        # Plain cholesky waits for the device to report failure; NaN needs no wait.
        factors, failures = torch.linalg.cholesky_ex(covariances + ridge * _axes(means))
        return cls(means, torch.where(failures[:, None, None] == 0, factors, torch.nan))

    @property
    def log_volumes(self) -> Float[Tensor, " K"]:
        return self.factors.diagonal(dim1=1, dim2=2).log().sum(1)

    @cached_property
    def inverses(self) -> Float[Tensor, "K D D"]:
        inverses: Tensor = torch.linalg.solve_triangular(
            self.factors, _axes(self.means), upper=False
        )
        return inverses

    @cached_property
    def origins(self) -> Float[Tensor, "K 1 D"]:
        """The point 0 in every component's own view."""
        return -(self.inverses @ self.means[..., None]).mT

    def whiten(self, points: Points) -> Whitened:
        inverses, origins = self.inverses.to(points), self.origins.to(points)
        return torch.baddbmm(origins, points.expand(len(inverses), -1, -1), inverses.mT)

    def colour(self, noise: Points, owners: Int64[Tensor, " points"]) -> Points:
        means, factors = self.means.to(noise), self.factors.to(noise)
        points = torch.empty_like(noise)
        # By component: a factor for every row would take D times the memory of the points.
        sizes = owners.bincount(minlength=len(means)).tolist()
        for k, rows in enumerate(torch.split(owners.argsort(), sizes)):
            own = torch.addmm(means[k], noise.index_select(0, rows), factors[k].mT)
            points.index_copy_(0, rows, own)
        return points

    @staticmethod
    def sum_squares(whitened: Whitened) -> Covariances:
        return whitened.mT @ whitened

    def unwhiten_means(self, first: Means) -> Means:
        return self.means + (self.factors @ first[..., None]).squeeze(2)

    def unwhiten_covariances(self, first: Means, second: Covariances) -> Covariances:
        own = second - first[:, :, None] * first[:, None, :]
        return self.factors @ own @ self.factors.mT

    def stretch(self, scale: Float[Tensor, " D"]) -> Covariances:
        return scale[:, None] * self.factors


class Diagonal(Components):
    """Gaussians of independent dimensions. ``factors`` are standard deviations, (K, D)."""

    @classmethod
    def isotropic(cls, means: Means, variance: Float[Tensor, ""]) -> "Diagonal":
        return cls(means, variance.sqrt().expand_as(means))

    @classmethod
    def of(cls, means: Means, covariances: Covariances, ridge: float) -> "Diagonal":
        variances = covariances + ridge
        return cls(means, torch.where(variances > 0, variances, torch.nan).sqrt())

    @property
    def log_volumes(self) -> Float[Tensor, " K"]:
        return self.factors.log().sum(1)

    def whiten(self, points: Points) -> Whitened:
        return (points - self.means.to(points)[:, None]) / self.factors.to(points)[:, None]

    def colour(self, noise: Points, owners: Int64[Tensor, " points"]) -> Points:
        return torch.addcmul(self.means.to(noise)[owners], self.factors.to(noise)[owners], noise)

    @staticmethod
    def sum_squares(whitened: Whitened) -> Covariances:
        return whitened.square().sum(1)

    def unwhiten_means(self, first: Means) -> Means:
        return self.means + self.factors * first

    def unwhiten_covariances(self, first: Means, second: Covariances) -> Covariances:
        return self.factors.square() * (second - first.square())

    def stretch(self, scale: Float[Tensor, " D"]) -> Covariances:
        return scale * self.factors


def _axes(means: Means) -> Float[Tensor, "D D"]:
    """The unit matrix, of the size, type and device of these means."""
    return torch.eye(means.shape[1], device=means.device, dtype=means.dtype)
