"""Features of a small classifier, trained on the labels of the dataset itself."""

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from samplebench import (
    FeatureExtractor,
    Images,
    ImageShape,
    SamplebenchError,
    Shape,
    Split,
    require_image,
    seeded,
    training,
)
from samplebench_metrics.shipped_classifiers import find_card, list_files, load_network

_BATCH = 128


class Classifier(FeatureExtractor):
    """The last hidden layer, before its ReLU, of a small CNN that learns the dataset's classes.

    One 5 × 5 convolution and then 3 × 3 ones, each with batch norm and ReLU, halve the image down
    to 4 × 4 (one of 8 × 8 is halved once); ``width`` linear units on top are the features. The
    network learns from 90 % of the training images for ``steps`` batches of 128 (cross-entropy,
    Adam, half a cosine from 1e-3 to 0) under a fixed seed; its weights are rounded to half
    precision, and it is judged on the other 10 %. Its features are sharper on classes than on
    texture.

    Training gives other weights on another kind of processor, and distances in other weights do
    not compare. So the weights for some datasets ship with samplebench, made once: ``fit`` loads
    them if they were made with these settings from exactly these training images and labels, and
    trains otherwise.

    Args:
        width: number of features.
        steps: number of training steps, each on a batch of 128 images.

    Raises:
        SamplebenchError: in ``fit``: the images have no labels, or all the same.
        WeightsMissing: in ``fit``: the weights that ship for these images are damaged, or of
            another version of the network.
    """

    width: int
    accuracy: Tensor
    shipped: Tensor

    def __init__(self, shape: Shape, width: int = 64, steps: int = 800) -> None:
        super().__init__()
        if width < 1 or steps < 1:
            raise ValueError(f"width and steps must be at least 1, not {width} and {steps}")
        self.shape = require_image(shape)
        self.width = width
        self.steps = steps
        with seeded(0, "classifier"):
            self.network = _build_network(self.shape, width)
        self.register_buffer("accuracy", torch.tensor(math.nan))
        self.register_buffer("shipped", torch.tensor(False))
        self.eval()  # batch norm must not learn from the images that it is to compare

    @property
    def facts(self) -> Mapping[str, float]:
        origin = "shipped weights" if self.shipped else "weights fitted on the spot"
        return {f"held-out accuracy of {origin}": float(self.accuracy)}

    @property
    def files(self) -> tuple[Path, ...]:
        return list_files()

    def fit(self, train: Split) -> None:
        found = find_card(train, {"width": self.width, "steps": self.steps})
        if found is None:
            self.learn(train)
            return
        weights, card = found
        load_network(self.network, weights, card)
        self.accuracy.fill_(card.accuracy)
        self.shipped.fill_(True)

    def learn(self, train: Split) -> None:
        """Train the network here, also if weights for these images ship."""
        classes = _number_classes(train)
        with seeded(0, "classifier"):
            self.network = _build_network(self.shape, self.width)
            head = nn.Sequential(nn.ReLU(), nn.Linear(self.width, int(classes.max()) + 1))
            model = nn.Sequential(self.network, head).to(classes.device)
            order = torch.randperm(len(train)).to(classes.device)
            learned, held_out = order.tensor_split([len(train) * 9 // 10])
            _learn(model, train.samples, classes, learned, self.steps)
        _round_to_half(self.network)
        self.accuracy.copy_(_compute_accuracy(model, train.samples, classes, held_out))
        self.shipped.fill_(False)

    @torch.no_grad()
    def features(self, images: Images) -> Float[Tensor, "samples features"]:
        features: Tensor = self.network(images)
        return features


def _build_network(shape: ImageShape, width: int) -> nn.Sequential:
    """Build a network from images to (samples, width)."""
    inputs, *size = shape
    outputs, kernel, stride = 32, 5, 2 if min(size) > 8 else 1
    layers: list[nn.Module] = []
    while not layers or min(size) > 4:
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]
        size = [math.ceil(side / stride) for side in size]
        inputs, outputs, kernel, stride = outputs, min(2 * outputs, 128), 3, 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(inputs * math.prod(size), width))


def _number_classes(train: Split) -> Int64[Tensor, " samples"]:
    """Number the classes from 0 without a gap, and give that of each image."""
    instead = "use features 'random-conv', which need none"
    if train.labels is None:
        raise SamplebenchError(
            f"features 'classifier' learn from labels, and these images have none; {instead}"
        )
    classes: Tensor
    names, classes = torch.unique(train.labels, return_inverse=True)
    if len(names) < 2:
        raise SamplebenchError(
            "features 'classifier' need labels of two classes or more, "
            f"and every image here is of class {int(names)}; {instead}"
        )
    return classes


def _learn(
    model: nn.Module,
    images: UInt8[Tensor, "samples channels height width"],
    classes: Int64[Tensor, " samples"],
    learned: Int64[Tensor, " some"],
    steps: int,
) -> None:
    def loss(index: Tensor) -> Mapping[str, Tensor]:
        logits = model(images[index] / 255)  # (batch, classes)
        return {"cross-entropy": nn.functional.cross_entropy(logits, classes[index])}

    # Training shuffles numbers of images, so that each keeps its label.
    budget = training.Budget(steps=steps, batch=_BATCH, decay="cosine")
    training.train(model, loss, learned, budget)


@torch.no_grad()
def _round_to_half(network: nn.Module) -> None:
    """Round weights and statistics to half precision, in which they ship; they stay float32."""
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():  # the others count batches
            tensor.copy_(tensor.half())


@torch.no_grad()
def _compute_accuracy(
    model: nn.Module,
    images: UInt8[Tensor, "samples channels height width"],
    classes: Int64[Tensor, " samples"],
    held_out: Int64[Tensor, " some"],
) -> Float[Tensor, ""]:
    """Compute the share of the held-out images whose class the model finds."""
    right = [
        model(images[index] / 255).argmax(dim=1) == classes[index]
        for index in torch.split(held_out, _BATCH)
    ]
    share: Tensor = torch.cat(right).float().mean()
    return share
