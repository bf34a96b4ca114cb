"""Standard deviations."""

from jaxtyping import Float
from torch import Tensor


def deviations(vectors: Float[Tensor, "n D"]) -> Float[Tensor, " D"]:
    """The standard deviation of each dimension about its mean, dividing by n.

    Written out, for ``torch.std`` takes five times as long down the columns.
    """
    return (vectors - vectors.mean(0)).square_().mean(0).sqrt()
