"""A first-order Markov model of codes."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import DensitySampler, Discrete, Form, Latents, LatentSpace
from samplebench_codes.codes import Codes, codes_of, in_chunks, latents_of
from samplebench_codes.neighbours import kinds, neighbours
from samplebench_codes.site_pmfs import SitePMFs
from samplebench_codes.transitions import Transitions


class CodeMarkov(DensitySampler):
    """Draws each code given one neighbour: the site before, or the depth before at its site.

    Sites come in raster order. At depth 0 the neighbour b is the depth-0 code of the site to the
    left, in the first column that of the site above, and on other grids that of the site before
    along the last axis that has one; at depth d > 0 it is the code at depth d − 1 of the same
    site. With N(b → c) counted over all sites for each kind of neighbour, and p_t the smoothed
    PMF of place t, which alone draws the very first code,

        P_t(c | b) = (N(b → c) + a p_t(c)) / (N(b) + a),    p_t(c) = (N_t(c) + s / K) / (n + s).

    So a code after a rare neighbour is drawn much as at its place in general, a hierarchical
    Dirichlet model of which these are the predictive probabilities with p_t held fixed. Counts
    are kept of the pairs that occur, never as a table of all K² pairs.

    Args:
        backoff: a, how many observations the PMF of the place is worth after each neighbour. On
            codes of k-means, for patches of the 8 × 8 digits of scikit-learn, 64 came within 3 %
            of the fewest held-out nats that any power of 2 from ½ to 256 gave.
        smoothing: s, how many the uniform law is worth in each PMF, in all. At 0, a code is
            impossible that neither its place nor its neighbour has ever had.

    Reference: A hierarchical Dirichlet language model (MacKay and Peto, 1995), Natural Language
    Engineering 1.
    """

    accepts = (Discrete,)

    def __init__(self, backoff: float = 64.0, smoothing: float = 1.0) -> None:
        if not 0 < backoff < float("inf"):
            raise ValueError(f"backoff must be positive and finite, not {backoff}")
        if not 0 <= smoothing < float("inf"):
            raise ValueError(f"smoothing must be at least 0 and finite, not {smoothing}")
        self.backoff = backoff
        self.smoothing = smoothing

    def fit(self, latents: Latents) -> None:
        form = Form.of(latents)
        codes = codes_of(latents, form)
        pmfs = SitePMFs.of(codes, form.space, self.smoothing)
        self._form, self._pmfs, self._transitions = form, pmfs, _counted(codes, form.space)
        self._found = {
            "train_nats": -float(self._log_prob(codes).mean()) / codes[0].numel(),
            "backoff_mass": self._backoff_mass(codes),
            "pairs": float(sum(len(table.keys) for table in self._transitions.values())),
        }

    def sample(self, count: int) -> Latents:
        space = self._form.space
        codes = self._pmfs.draw(count).flatten(1)  # (count, places)
        for place, neighbour in enumerate(neighbours(space)):
            if neighbour:
                codes[:, place] = self._transitions[neighbour.kind].draw(
                    codes[:, neighbour.place], codes[:, place], self.backoff
                )
        return latents_of(codes.reshape(count, space.sites, space.code_width), self._form)

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return self._log_prob(codes_of(latents, self._form))

    def diagnostics(self) -> Mapping[str, float]:
        """Of the training latents: nats a code; how often the PMF of its place would draw a code
        instead of the counts of what followed its neighbour; distinct pairs that occurred.
        """
        return self._found

    def state(self) -> Mapping[str, Tensor]:
        tables = {
            f"transitions.{kind}.{name}": tensor
            for kind, table in self._transitions.items()
            for name, tensor in table.state().items()
        }
        return {**self._form.state(self._found), **self._pmfs.state(), **tables}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form = Form.restored(space, state)
        self._pmfs = SitePMFs.restored(space, state, self.smoothing)
        self._transitions = {
            kind.name: Transitions(
                state[f"transitions.{kind.name}.keys"],
                state[f"transitions.{kind.name}.counts"],
                kind.choices,
                kind.choices_before,
            )
            for kind in kinds(space)
        }
        self._found = Form.diagnostics(state)

    def _log_prob(self, codes: Codes) -> Float[Tensor, " samples"]:
        logs = []
        for chunk in in_chunks(codes):
            flat = chunk.flatten(1)
            found = self._pmfs.probabilities(chunk).flatten(1)  # (chunk, places)
            for kind in kinds(self._form.space):
                found[:, kind.places] = self._transitions[kind.name].probabilities(
                    flat[:, kind.before],
                    flat[:, kind.places],
                    found[:, kind.places],
                    self.backoff,
                )
            logs.append(found.log().sum(1))
        return torch.cat(logs)

    def _backoff_mass(self, codes: Codes) -> float:
        """The mean of a / (N(b) + a) over all codes; 1 where there is no neighbour b."""
        flat = codes.flatten(1)
        total = float(len(flat))
        for kind in kinds(self._form.space):
            for chunk in in_chunks(flat[:, kind.before]):
                followed = self._transitions[kind.name].followed(chunk)
                total += float((self.backoff / (followed + self.backoff)).sum())
        return total / flat.numel()


def _counted(codes: Codes, space: LatentSpace) -> dict[str, Transitions]:
    """The transitions for each kind of neighbour, from all places that have it."""
    flat = codes.flatten(1)
    return {
        kind.name: Transitions.of(
            flat[:, kind.before], flat[:, kind.places], kind.choices, kind.choices_before
        )
        for kind in kinds(space)
    }
