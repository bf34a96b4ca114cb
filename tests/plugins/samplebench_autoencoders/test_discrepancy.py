"""The maximum mean discrepancy against two loops in plain Python, and what WAE makes of it."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import seeded
from samplebench_autoencoders.discrepancy import squared_discrepancy
from samplebench_autoencoders.info_vae import InfoVariationalAutoencoder
from samplebench_autoencoders.wae_mmd import WassersteinAutoencoder

KERNELS = ("imq", "rbf")
SCALES = (0.1, 0.2, 0.5, 1, 2, 5, 10)


def samples(count, size, label, shift=0.0):
    with seeded(0, label):
        return torch.randn(count, size, dtype=torch.float64) + shift


def similarity(one, other, kernel, bandwidth):
    squared = sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
    width = 2 * len(one) * bandwidth**2
    if kernel == "rbf":
        return math.exp(-squared / width)
    return sum(scale * width / (scale * width + squared) for scale in SCALES)


def by_loops(one, other, kernel, bandwidth):
    def within(points):
        pairs = [(i, j) for i in range(len(points)) for j in range(len(points)) if i != j]
        total = sum(similarity(points[i], points[j], kernel, bandwidth) for i, j in pairs)
        return total / len(pairs)

    across = [similarity(a, b, kernel, bandwidth) for a in one for b in other]
    return within(one) + within(other) - 2 * sum(across) / len(across)


@given(
    count=st.integers(2, 7),
    size=st.integers(1, 4),
    bandwidth=st.floats(0.1, 5),
    shift=st.floats(-3, 3),
    kernel=st.sampled_from(KERNELS),
)
@settings(deadline=None, max_examples=40)
def test_the_discrepancy_is_that_of_two_loops(count, size, bandwidth, shift, kernel):
    one, other = samples(count, size, "one", shift), samples(count, size, "other")
    estimate = float(squared_discrepancy(one, other, kernel=kernel, bandwidth=bandwidth))
    assert estimate == pytest.approx(by_loops(one.tolist(), other.tolist(), kernel, bandwidth))


@pytest.mark.parametrize("kernel", KERNELS)
def test_single_vectors_have_neither_discrepancy_nor_gradient(kernel):
    one = samples(1, 3, "one").requires_grad_()
    estimate = squared_discrepancy(one, samples(1, 3, "other"), kernel=kernel, bandwidth=1.0)
    estimate.backward()
    assert float(estimate.detach()) == 0
    assert not one.grad.any()


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_large_batch_in_float32_loses_no_accuracy_that_matters(kernel):
    one, other = samples(300, 16, "one", 0.1), samples(300, 16, "other")
    exact = squared_discrepancy(one, other, kernel=kernel, bandwidth=1.0)
    rough = squared_discrepancy(one.float(), other.float(), kernel=kernel, bandwidth=1.0)
    assert float(rough) == pytest.approx(float(exact), abs=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_two_samples_of_one_distribution_have_no_discrepancy_on_average(kernel):
    with seeded(0, "pairs"):
        estimate = [
            float(
                squared_discrepancy(
                    torch.randn(8, 2), torch.randn(8, 2), kernel=kernel, bandwidth=1.0
                )
            )
            for _ in range(600)
        ]
    mean, error = torch.tensor(estimate).mean(), torch.tensor(estimate).std() / 600**0.5
    assert min(estimate) < 0 < max(estimate)
    assert abs(float(mean)) < 3 * float(error)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_gradient_is_that_of_finite_differences(kernel):
    one, other = samples(4, 2, "one").requires_grad_(), samples(4, 2, "other")
    assert torch.autograd.gradcheck(
        lambda z: squared_discrepancy(z, other, kernel=kernel, bandwidth=1.0), one
    )


def test_an_info_vae_has_the_kernel_of_its_authors_by_default():
    with seeded(0, "build"):
        model = InfoVariationalAutoencoder((1, 8, 8), latent=6, width=4).double().eval()
    images = torch.linspace(0, 1, 5 * 64, dtype=torch.float64).reshape(5, 1, 8, 8)
    with seeded(1, "loss"):
        estimate = float(model.loss_terms(images)["mmd"].detach())
    with seeded(1, "loss"):
        means, logarithms = model.encoder(images).detach().chunk(2, 1)
        drawn = means + torch.randn_like(means) * (logarithms / 2).exp()
        prior = torch.randn_like(means)
    similar = {
        name: (-(one[:, None] - other[None]).square().mean(2) / 6).exp()
        for name, one, other in (("zz", drawn, drawn), ("pp", prior, prior), ("zp", drawn, prior))
    }
    distinct = ~torch.eye(5, dtype=torch.bool)
    exact = (
        similar["zz"][distinct].mean() + similar["pp"][distinct].mean() - 2 * similar["zp"].mean()
    )
    assert estimate == pytest.approx(999 * float(exact))


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_wae_weighs_the_discrepancy_of_its_latents_from_the_prior(kernel):
    with seeded(0, "build"):
        model = WassersteinAutoencoder(
            (1, 8, 8), latent=2, width=4, kernel=kernel, weight=7.0, bandwidth=0.5
        )
    model = model.double().eval()
    images = torch.linspace(0, 1, 5 * 64, dtype=torch.float64).reshape(5, 1, 8, 8)
    with seeded(1, "loss"):
        estimate = float(model.loss_terms(images)["mmd"].detach())
    with seeded(1, "loss"):
        prior = torch.randn(5, 2, dtype=torch.float64)
    latents = model.encoder(images).detach()
    assert estimate == pytest.approx(7 * by_loops(latents.tolist(), prior.tolist(), kernel, 0.5))
