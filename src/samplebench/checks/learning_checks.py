"""The rules for learning, and for the weights that it leaves."""

from collections.abc import Mapping

import torch
from torch import Tensor

from samplebench.autoencoder_training import train_autoencoder
from samplebench.checks.autoencoder_checks import decode, encode, make_samples
from samplebench.checks.case import CannotApply, Case, require, same, same_latents
from samplebench.contracts.autoencoder import AdversarialAutoencoder, Autoencoder
from samplebench.contracts.dataset import Samples
from samplebench.randomness import seeded
from samplebench.training import Budget, train


def loss_terms_are_finite_scalars(case: Case) -> None:
    """``loss_terms`` names at least one term, each a finite scalar."""
    terms = _build_to_train(case).loss_terms(make_samples(case))
    require(isinstance(terms, Mapping) and len(terms) > 0, f"loss_terms gives {terms!r}")
    for name, term in terms.items():
        require(term.shape == (), f"the term {name!r} is no scalar but {tuple(term.shape)}")
        require(bool(term.isfinite()), f"the term {name!r} is {float(term.detach())}")


def every_trainable_parameter_gets_a_gradient(case: Case) -> None:
    """The sum of the loss terms gives each parameter that asks for one a finite gradient."""
    autoencoder = _build_to_train(case)
    torch.autograd.backward(_sum_losses(autoencoder, make_samples(case)))
    critic = _find_critic_parameters(autoencoder)
    for name, parameter in autoencoder.named_parameters():
        if parameter.requires_grad and id(parameter) not in critic:
            gradient = parameter.grad
            require(gradient is not None, f"no gradient reaches {name}: does it need one?")
            assert gradient is not None  # or the line above fails
            require(bool(gradient.isfinite().all()), f"the gradient of {name} is not finite")


def training_lowers_the_loss(case: Case) -> None:
    """Thirty steps on a few samples lower the loss on them, while any critic is left unchanged."""
    samples = make_samples(case, 16)
    autoencoder = _begin_training(_build_to_train(case), samples)
    critic = _find_critic_parameters(autoencoder)
    for parameter in autoencoder.parameters():
        if id(parameter) in critic:
            parameter.requires_grad_(False)
    before = _evaluate_loss(autoencoder, samples)
    with seeded(0, "train"):
        train(autoencoder, autoencoder.loss_terms, samples, Budget(steps=30, batch=16))
    after = _evaluate_loss(autoencoder, samples)
    require(after < before, f"the loss was {before:.4g} before 30 steps and is {after:.4g} after")


def the_last_batch_may_be_a_single_sample(case: Case) -> None:
    """Nine samples in batches of eight end each epoch with a batch of one."""
    autoencoder = _build_to_train(case)
    with seeded(0, "train"):
        train_autoencoder(autoencoder, make_samples(case, 9), Budget(epochs=2, batch=8))


def weights_make_the_round_trip(case: Case) -> None:
    """``state_dict`` holds tensors alone, and all that ``encode`` and ``decode`` depend on."""
    trained, samples = case.build(), make_samples(case)
    if trained.training_objection() is None:
        with seeded(0, "train"):
            train_autoencoder(trained, samples, Budget(steps=2, batch=16))
    trained.eval()
    state = trained.state_dict()
    for name, weight in state.items():
        require(isinstance(weight, Tensor), f"{name} in the state_dict is no tensor")
    fresh = case.build(seed=1).eval()
    fresh.load_state_dict({name: weight.clone() for name, weight in state.items()})
    latents = encode(trained, samples)
    require(same_latents(encode(fresh, samples), latents, 1e-5), "it encodes otherwise then")
    require(
        same(decode(fresh, latents), decode(trained, latents), 1e-5),
        "it decodes otherwise then",
    )


def nothing_changes_it_in_evaluation_mode(case: Case) -> None:
    """In evaluation mode ``loss_terms`` moves no average and no code: no weight or buffer."""
    autoencoder = _build_to_train(case).eval()
    before = {name: weight.clone() for name, weight in autoencoder.state_dict().items()}
    with torch.no_grad():
        autoencoder.loss_terms(make_samples(case))
    for name, weight in autoencoder.state_dict().items():
        require(same(weight, before[name]), f"loss_terms changes {name} in evaluation mode")


def the_same_seed_gives_the_same_weights(case: Case) -> None:
    """All that is random when it is built comes from the global generators."""
    first, again = case.build().state_dict(), case.build().state_dict()
    for name, weight in first.items():
        require(same(again[name], weight), f"{name} differs between two of the same seed")


def the_weights_it_brings_depend_on_no_seed(case: Case) -> None:
    """One that is ``trained`` when it is built has the same weights whatever the seed."""
    first, again = case.build(seed=0), case.build(seed=1)
    if not first.trained:
        raise CannotApply("it brings no weights of its own")
    for name, weight in first.state_dict().items():
        require(
            same(again.state_dict()[name], weight),
            f"{name} differs between two seeds: it is drawn, and not loaded",
        )


def the_critic_learns_from_its_own_loss(case: Case) -> None:
    """``critic_loss`` is a finite scalar that gives each critic parameter a gradient."""
    autoencoder = _build_to_train(case)
    critic = _find_critic_parameters(autoencoder)
    if not isinstance(autoencoder, AdversarialAutoencoder):
        raise CannotApply("it has no critic")
    registered = {id(parameter) for parameter in autoencoder.parameters()}
    require(critic <= registered, "a parameter of the critic is none of the module's own")
    require(
        bool(critic) and critic < registered,
        "critic_parameters are none or all of its parameters",
    )
    loss = autoencoder.critic_loss(make_samples(case))
    require(loss.shape == () and bool(loss.isfinite()), f"the critic's loss is {loss}")
    torch.autograd.backward(loss)
    for parameter in autoencoder.critic_parameters():
        require(parameter.grad is not None, "a parameter of the critic gets no gradient from it")


CHECKS = (
    loss_terms_are_finite_scalars,
    every_trainable_parameter_gets_a_gradient,
    training_lowers_the_loss,
    the_last_batch_may_be_a_single_sample,
    weights_make_the_round_trip,
    nothing_changes_it_in_evaluation_mode,
    the_same_seed_gives_the_same_weights,
    the_weights_it_brings_depend_on_no_seed,
    the_critic_learns_from_its_own_loss,
)


def _build_to_train(case: Case) -> Autoencoder:
    """Build an autoencoder, if it can be trained here."""
    autoencoder: Autoencoder = case.build()
    if objection := autoencoder.training_objection():
        raise CannotApply(f"it {objection}")
    return autoencoder


def _sum_losses(autoencoder: Autoencoder, samples: Samples) -> Tensor:
    return torch.stack(list(autoencoder.loss_terms(samples).values())).sum()


def _evaluate_loss(autoencoder: Autoencoder, samples: Samples) -> float:
    """Evaluate the loss as training sees it, under a seed of its own."""
    autoencoder.train()
    with torch.no_grad(), seeded(0, "loss"):
        return float(_sum_losses(autoencoder, samples))


def _begin_training(autoencoder: Autoencoder, samples: Samples) -> Autoencoder:
    """Bring the autoencoder to where it is before its first step."""
    autoencoder.train()
    with torch.no_grad(), seeded(0, "begin"):
        autoencoder.begin_training(samples)
    autoencoder.before_step(0.0)
    return autoencoder


def _find_critic_parameters(autoencoder: Autoencoder) -> set[int]:
    if isinstance(autoencoder, AdversarialAutoencoder):
        return {id(parameter) for parameter in autoencoder.critic_parameters()}
    return set()
