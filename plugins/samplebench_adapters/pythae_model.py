"""Models of pythae."""

from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from samplebench import (
    Autoencoder,
    Continuous,
    Discrete,
    Latents,
    LatentSpace,
    Samples,
    Shape,
    is_image,
)
from samplebench_adapters.saved_model import find_folder, name_missing_library, read_config

_FILES: Final = ("*.json", "model.pt", "*.pkl")
_SAFE_SINCE: Final = (2, 6)
_DEFAULT: Final = "uses_default_"
"""Begins the names of settings that are false for networks of the maker's own."""
_VQ: Final = "VQVAEConfig"
_NO_AUTOENCODERS: Final = (
    "MAFConfig",
    "IAFConfig",
    "PlanarFlowConfig",
    "RadialFlowConfig",
    "MADEConfig",
    "PixelCNNConfig",
)


class SavedPythaeModel(Autoencoder):
    """An autoencoder of any kind that pythae saved.

    A latent is what the decoder is given where the posterior is replaced by its mean μ(x): μ
    itself; ``f(μ)`` for a posterior with a normalising flow f; ``μ / ‖μ‖`` for one on a sphere;
    and of a VQ-VAE, a code a site. Steps of a Hamiltonian flow, which draw, are left out.

    Args:
        shape: of one sample, that of the data with which it was trained.
        path: the folder that ``model.save`` or a trainer wrote, or ``hf://owner/name[@revision]``.
        trust_pickles: allow networks of its maker's own, which pythae saves as pickles. A pickle
            can run any code when it is loaded: allow it only for those whom you trust.

    Reference: Pythae: Unifying Generative Autoencoders in Python (Chadebec, Vincent and
    Allassonnière, 2022), arXiv:2206.08309
    """

    trained = True

    def __init__(self, shape: Shape, path: str = "", trust_pickles: bool = False) -> None:
        super().__init__()
        self.path, self.trust_pickles = path, trust_pickles
        self.shape = tuple(shape)
        folder = find_folder(path, _FILES, example="pythae(path='DIR')")
        self.config = read_config(folder / "model_config.json")
        self._require_known()
        self._require_no_pickles(folder)
        self.model: Any = _load(folder).eval()
        with torch.no_grad():
            self.latent_space = self._find_space(self.model.encoder(torch.zeros(1, *shape)))

    def encode(self, samples: Samples) -> Latents:
        embedding = self.model.encoder(samples).embedding
        name = self.config["name"]
        if name == _VQ:
            return self._quantise(embedding)
        if name == "VAE_IAF_Config":
            embedding = self.model.iaf_flow.inverse(embedding).out
        elif name == "VAE_LinNF_Config":
            for layer in self.model.net:
                embedding = layer(embedding).out
        elif name == "SVAEConfig":
            embedding = embedding / embedding.norm(dim=-1, keepdim=True)
        return self.latent_space.pack(values=embedding.movedim(1, -1))

    def decode(self, latents: Latents) -> Samples:
        if self.config["name"] == _VQ:
            given = self._look_up(latents.codes.squeeze(-1))
        else:
            given = latents.values.movedim(-1, 1)  # (samples, channels, *grid)
        decoded: Tensor = self.model.decoder(given.contiguous())["reconstruction"]
        samples = decoded.reshape(-1, *self.shape)
        return samples.clamp(0, 1) if is_image(self.shape) else samples

    def _require_known(self) -> None:
        name = self.config.get("name")
        if not isinstance(name, str) or name in _NO_AUTOENCODERS:
            raise ValueError(f"{self.path} holds a {name}, which is no autoencoder")
        saved = self.config.get("input_dim")
        if saved is not None and tuple(saved) != self.shape:
            raise ValueError(
                f"{self.path} holds a model of samples {'×'.join(map(str, saved))}, and these are "
                f"{'×'.join(map(str, self.shape))}"
            )

    def _require_no_pickles(self, folder: Path) -> None:
        numbers = tuple(int(number) for number in torch.__version__.split(".")[:2])
        if numbers < _SAFE_SINCE:
            raise ValueError(
                f"its model.pt is a pickle, which torch {torch.__version__} cannot read without "
                "the risk that it runs code: install torch 2.6 or later"
            )
        custom = [
            name.removeprefix(_DEFAULT)
            for name, is_default in self.config.items()
            if name.startswith(_DEFAULT) and not is_default
        ]
        if custom and not self.trust_pickles:
            raise ValueError(
                f"{folder / custom[0]}.pkl is a pickle of its maker's own network, which can run "
                "any code when it is loaded: if you trust its maker, give trust_pickles=True"
            )

    def _find_space(self, encoded: Any) -> LatentSpace:
        """The space of what the encoder gives: a vector, or a map (1, channels, *grid)."""
        channels, *grid = encoded.embedding.shape[1:]
        if self.config["name"] == _VQ:  # which quantises a vector number by number
            sites = tuple(grid) if grid else (channels,)
            return Discrete((self.config["num_embeddings"],), sites)
        return Continuous(channels, tuple(grid))

    def _look_up(self, codes: Tensor) -> Tensor:
        """Look up the codewords of codes (samples, *grid), as the decoder takes them."""
        embeddings = self.model.quantizer.embeddings
        codewords: Tensor = getattr(embeddings, "weight", embeddings)  # of moving averages: plain
        words = codewords[codes].movedim(-1, 1)  # (samples, channels, *grid)
        return words if codes.ndim == 3 else words.flatten(1)

    def _quantise(self, embedding: Tensor) -> Latents:
        """Quantise vectors (samples, D), or maps (samples, channels, *grid)."""
        sites = embedding if embedding.ndim == 4 else embedding[:, None, None]
        found = self.model.quantizer(sites.permute(0, 2, 3, 1).contiguous())
        codes = found.quantized_indices.reshape(len(embedding), *self.latent_space.grid, 1)
        return self.latent_space.pack(codes=codes)


def _load(folder: Path) -> Any:
    try:
        from pythae.models import AutoModel
    except ModuleNotFoundError as error:
        raise ValueError(name_missing_library("pythae")) from error
    return AutoModel.load_from_folder(str(folder))
