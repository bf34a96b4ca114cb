"""A first-order Markov model of codes."""

from collections.abc import Mapping

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from samplebench import DensitySampler, Discrete, Form, Latents, LatentSpace
from samplebench_codes.codes import Codes, extract_codes, pack_codes, split_samples
from samplebench_codes.neighbours import list_kinds, list_neighbours
from samplebench_codes.ranking import rank
from samplebench_codes.site_pmfs import SitePMFs
from samplebench_codes.transitions import Transitions


class CodeMarkov(DensitySampler):
    """Draws each code given one neighbour: that of the site before, or of the depth before.

    Sites come in raster order. At depth 0 the neighbour b is the depth-0 code of the site to the
    left, in the first column that of the site above, and on other grids that of the site before
    along the last axis that has one; at depth d > 0 it is the code at depth d − 1 of the same
    site. With N(b → c) counted over all sites for each kind of neighbour, and p_t the smoothed
    PMF of place t, which alone draws the very first code,

        P_t(c | b) = (N(b → c) + a p_t(c)) / (N(b) + a),    p_t(c) = (N_t(c) + s / K) / (n + s).

    So after a rare neighbour, a code is drawn nearly by the PMF of its place. This is a
    hierarchical Dirichlet model, and these are its predictive probabilities with p_t held fixed.
    Counts are kept of what occurs, never as a table of all K codes or K² pairs: codes are ranked
    among those that occur at their depth, and all others have one more rank, without a count.

    Args:
        backoff: a, the number of observations that the PMF of the place counts for after each
            neighbour. On codes of k-means, for patches of the 8 × 8 digits of scikit-learn, 64
            came within 3 % of the fewest held-out nats that any power of 2 from ½ to 256 gave.
        smoothing: s, the number of observations that the uniform distribution counts for in each
            PMF, in all. At 0, a code that occurred neither at its place nor after its neighbour
            is impossible.

    Reference: A hierarchical Dirichlet language model (MacKay and Peto, 1995),
    doi:10.1017/S1351324900000218.
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
        codes = extract_codes(latents, form)
        pmfs = SitePMFs.of(codes, form.space, self.smoothing)
        self._form, self._pmfs = form, pmfs
        self._transitions = self._count(self._rank(codes))
        self._diagnostics = {
            "train_nats": -float(self._log_prob(codes).mean()) / codes[0].numel(),
            "backoff_mass": self._backoff_mass(codes),
            "pairs": float(sum(len(table.keys) for table in self._transitions.values())),
        }

    def sample(self, count: int) -> Latents:
        space = self._form.space
        codes = self._pmfs.draw(count).flatten(1)  # (count, places)
        for place, neighbour in enumerate(list_neighbours(space)):
            if neighbour:
                depth, depth_before = place % space.code_width, neighbour.place % space.code_width
                followed = self._transitions[neighbour.kind].draw(
                    before=self._rank_at(depth_before, codes[:, neighbour.place]),
                    otherwise=torch.full_like(codes[:, place], -1),
                    backoff=self.backoff,
                )
                labels = self._pmfs.depths[depth].labels
                codes[:, place] = torch.where(followed < 0, codes[:, place], labels[followed])
        return pack_codes(codes.reshape(count, space.sites, space.code_width), self._form)

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return self._log_prob(extract_codes(latents, self._form))

    def diagnostics(self) -> Mapping[str, float]:
        """Of the training latents: nats a code; the share of codes that would be drawn by the PMF
        of their place, not by the counts after their neighbour; the number of distinct pairs.
        """
        return self._diagnostics

    def state(self) -> Mapping[str, Tensor]:
        tables = {
            f"transitions.{kind}.{name}": tensor
            for kind, table in self._transitions.items()
            for name, tensor in table.state().items()
        }
        return {**self._form.state(self._diagnostics), **self._pmfs.state(), **tables}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form = Form.restored(space, state)
        self._pmfs = SitePMFs.from_state(space, state, self.smoothing)
        self._transitions = {
            kind.name: Transitions(
                keys=state[f"transitions.{kind.name}.keys"],
                counts=state[f"transitions.{kind.name}.counts"],
                choices=self._ranks(kind.depth),
                choices_before=self._ranks(kind.depth_before),
            )
            for kind in list_kinds(space)
        }
        self._diagnostics = Form.diagnostics(state)

    def _log_prob(self, codes: Codes) -> Float[Tensor, " samples"]:
        logs = []
        for chunk in split_samples(codes):
            flat = self._rank(chunk).flatten(1)
            probabilities = self._pmfs.probabilities(chunk).flatten(1)  # (chunk, places)
            for kind in list_kinds(self._form.space):
                probabilities[:, kind.places] = self._transitions[kind.name].probabilities(
                    before=flat[:, kind.before],
                    codes=flat[:, kind.places],
                    otherwise=probabilities[:, kind.places],
                    backoff=self.backoff,
                )
            logs.append(probabilities.log().sum(1))
        return torch.cat(logs)

    def _backoff_mass(self, codes: Codes) -> float:
        """The mean of a / (N(b) + a) over all codes; 1 where there is no neighbour b."""
        flat = self._rank(codes).flatten(1)
        total = float(len(flat))
        for kind in list_kinds(self._form.space):
            for chunk in split_samples(flat[:, kind.before]):
                followers = self._transitions[kind.name].count_followers(chunk)
                total += float((self.backoff / (followers + self.backoff)).sum())
        return total / flat.numel()

    def _count(self, ranks: Codes) -> dict[str, Transitions]:
        """Count the transitions for each kind of neighbour, over all places that have it."""
        flat = ranks.flatten(1)
        return {
            kind.name: Transitions.of(
                before=flat[:, kind.before],
                codes=flat[:, kind.places],
                choices=self._ranks(kind.depth),
                choices_before=self._ranks(kind.depth_before),
            )
            for kind in list_kinds(self._form.space)
        }

    def _rank(self, codes: Codes) -> Codes:
        """Rank codes among those that occur at their depth."""
        columns = [self._rank_at(depth, column) for depth, column in enumerate(codes.unbind(2))]
        return torch.stack(columns, 2)

    def _rank_at(self, depth: int, codes: Int64[Tensor, "*any"]) -> Int64[Tensor, "*any"]:
        """Rank codes of one depth; those that do not occur there have the last rank."""
        labels = self._pmfs.depths[depth].labels
        places, known = rank(labels, codes)
        return torch.where(known, places, len(labels))

    def _ranks(self, depth: int) -> int:
        """The number of ranks at a depth."""
        return len(self._pmfs.depths[depth].labels) + 1
