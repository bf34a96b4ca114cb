"""Sparse codes drawn by a prior over their atoms and coefficients."""

from collections.abc import Mapping

import torch
from torch import Tensor

from samplebench import Continuous, Discrete, Form, Latents, LatentSpace, Sampler, Sparse
from samplebench.inner_sampler import (
    diagnostics_of,
    objection_of,
    own_copy,
    restored,
    state_of,
)
from samplebench_dictionary.online_learning import Learning, Synthesis, learned
from samplebench_dictionary.tokens import Atoms, CoefficientBins, by_magnitude, merged


class DictionarySampler(Sampler):
    """Draws sparse codes, coarse to fine, atom by atom and coefficient by coefficient.

    *Sparse latents*: at every site, the pairs of an atom and its coefficient become, by falling
    magnitude, ``atom_1, bin_1, atom_2, bin_2, …``, the bins being quantiles of the coefficients
    at each depth. Another sampler, the ``prior``, learns and draws these discrete codes: one that
    takes codes as independent, or an autoregressive one. Only a prior that sees two tokens back
    can know which atoms of a site come together, because a bin stands between them:
    code-transformer does, and pixelcnn on maps, but code-markov sees just the token before, and
    code-histogram none. A coefficient is drawn uniformly with the
    mean and deviation of its bin, so that energy is kept in expectation, however heavy the tails.
    Whatever the prior draws stands for ``Σ_s a_s d_{k_s}``: coefficients of an atom that came
    twice at a site are added up, and the lowest unused atom takes the free place, with
    coefficient 0.

    *Continuous latents* get a dictionary first. Sites z are signals; their mean m is taken off
    once, and unit atoms d are learned online to make ``Σ ‖z − m − Σ_s a_s d_{k_s}‖²`` small, with
    codes by orthogonal matching pursuit. The codes are modelled as above, and a draw is

        ``z = m + Σ_s a_s d_{k_s} + ρ ε``,   ``ε ~ N(0, I)``,

    where ρ² is, in each dimension, the variance of what the codes leave over of the training
    sites, and m here has its mean added: without it draws would have too little variance, by the
    energy that is left over. No more atoms are active than a site has channels, for as many
    already leave nothing over. This is an online dictionary after Mairal et al. with the kind of
    codes that LASERS has; a result on continuous latents is not one of LASERS' autoencoder, which
    learns its dictionary with the encoder.

    That a prior draws atoms and coefficient bins in turn is from the code of later work by the
    authors of LASERS, where pairs are in order of atoms and bins divide a fixed range. The order
    of magnitude, the quantiles, the rule for atoms drawn twice, and all that is said of
    continuous latents are ours. The online rule comes to different dictionaries from different
    starts; diagnostics tell what one leaves over.

    It states no density: many sequences of codes stand for one latent.

    Args:
        atoms: in the dictionary, for continuous latents, as all but ``bins`` and ``prior`` are;
            Sparse latents have theirs.
        active: atoms that code a site, at most.
        bins: for the coefficients of a depth.
        epochs: at most so many over the training sites.
        batch: sites a step.
        held_out: the share of latents that learning only looks at, to stop early.
        patience: epochs without a lower held-out residual after which it stops.
        residual: draws get the noise ρ ε.
        prior: the sampler of the codes, a sampler of discrete latents.

    Raises:
        ValueError: a number is out of its range.

    References: LASERS: LAtent Space Encoding for Representations with Sparsity for Generative
    Modeling (Li & Sarwate, 2024), arXiv:2409.11184; Online Learning for Matrix Factorization and
    Sparse Coding (Mairal et al., 2009), arXiv:0908.0050
    """

    accepts = (Sparse, Continuous)

    def __init__(
        self,
        atoms: int = 128,
        active: int = 4,
        bins: int = 64,
        epochs: int = 50,
        batch: int = 256,
        held_out: float = 0.1,
        patience: int = 5,
        residual: bool = True,
        prior: Sampler | str = "code-histogram",
    ) -> None:
        counts = {"bins": bins, "epochs": epochs, "batch": batch, "patience": patience}
        for name, count in counts.items():
            if count < 1:
                raise ValueError(f"{name} must be at least 1, not {count}")
        if not 1 <= active <= atoms:
            raise ValueError(f"active lies in 1…{atoms}, the number of atoms, not at {active}")
        if not 0 < held_out < 1:
            raise ValueError(f"held_out must lie between 0 and 1, not at {held_out}")
        self.atoms = atoms
        self.active = active
        self.bins = bins
        self.epochs = epochs
        self.batch = batch
        self.held_out = held_out
        self.patience = patience
        self.residual = residual
        self.prior = prior

    def refuses(self, space: LatentSpace) -> str | None:
        return objection_of(self.prior, self._tokens_of(space))

    def fit(self, latents: Latents) -> None:
        """Learn the dictionary, where the latents have none, the bins and the prior.

        Raises:
            ValueError: continuous latents are all equal or only one; or the prior is a text, or
                cannot learn the codes.
        """
        form, tokens = Form.of(latents), self._tokens_of(latents.space)
        prior = own_copy(self.prior, tokens)
        values = form.vectors(latents).view(-1, latents.space.value_width)
        synthesis, found = None, dict[str, float]()
        if isinstance(latents.space, Sparse):
            atoms, coefficients = latents.codes.view(values.shape), values
        else:
            maps = values.view(len(latents), latents.space.sites, -1)
            synthesis, (atoms, coefficients), found = learned(maps, self._learning(latents.space))
        atoms, coefficients = by_magnitude(atoms, coefficients)
        bins = CoefficientBins.of(coefficients, self.bins)
        pairs = torch.stack([atoms, bins.codes(coefficients)], 2)  # (signals, active, 2)
        prior.fit(tokens.pack(codes=pairs.view(len(latents), -1)))
        self._form, self._synthesis, self._bins, self._prior = form, synthesis, bins, prior
        self._found = {**found, **_usage(atoms), "bin_error": bins.lost(coefficients)}

    def sample(self, count: int) -> Latents:
        pairs = self._prior.sample(count).codes.reshape(-1, len(self._bins.edges), 2)
        atoms, coefficients = pairs[..., 0], self._bins.sample(pairs[..., 1])
        if self._synthesis is None:
            atoms, coefficients = merged(atoms, coefficients)
            width = self._form.space.sites * self._form.space.value_width
            return self._form.space.pack(
                values=coefficients.to(self._form.dtype).view(count, width),
                codes=atoms.view(count, width),
            )
        signals = self._synthesis.signals((atoms, coefficients), residual=self.residual)
        return self._form.latents(signals.view(count, self._form.dimensions))

    def diagnostics(self) -> Mapping[str, float]:
        """How many atoms are used, and their perplexity; the energy of the coefficients that
        their bins lose; of continuous latents also steps of learning and the energy that the codes
        leave over of held-out and all sites; each energy as a share. And what the prior tells.
        """
        return {**self._found, **diagnostics_of(self._prior)}

    def state(self) -> Mapping[str, Tensor]:
        synthesis = {} if self._synthesis is None else self._synthesis.state()
        return {
            **self._form.state(self._found),
            **synthesis,
            **self._bins.state(),
            **state_of(self._prior),
        }

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form = Form.restored(space, state)
        self._synthesis = None if isinstance(space, Sparse) else Synthesis.restored(state)
        self._bins = CoefficientBins.restored(state)
        self._prior = restored(self.prior, self._tokens_of(space), state)
        self._found = Form.diagnostics(state)

    def _tokens_of(self, space: LatentSpace) -> Discrete:
        """What the prior has to learn."""
        if isinstance(space, Sparse):
            return Discrete((space.atoms, self.bins) * space.active, space.grid)
        return Discrete((self.atoms, self.bins) * self._most(space), space.grid)

    def _most(self, space: LatentSpace) -> int:
        """Active atoms at a site of a continuous space."""
        return min(self.active, space.value_width)

    def _learning(self, space: LatentSpace) -> Learning:
        return Learning(
            atoms=self.atoms,
            active=self._most(space),
            epochs=self.epochs,
            batch=self.batch,
            held_out=self.held_out,
            patience=self.patience,
        )


def _usage(atoms: Atoms) -> dict[str, float]:
    """How atoms are used by all sites of all training latents."""
    shares = atoms.flatten().bincount().double() / atoms.numel()
    return {
        "atom_perplexity": float(torch.special.entr(shares).sum().exp()),
        "atoms_used": float((shares > 0).sum()),
    }
