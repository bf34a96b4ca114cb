"""The training loop against loops written out by hand."""

import copy
import math

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn

from samplebench import seeded
from samplebench.errors import TrainingDiverged
from samplebench.training import Budget, Critic, Finish, HeldOut, Progress, train


@pytest.fixture
def line() -> nn.Linear:
    with seeded(0, "model"):
        return nn.Linear(3, 1)


@pytest.fixture
def data() -> torch.Tensor:
    with seeded(0, "data"):
        return torch.randn(10, 3)


def squared(model: nn.Module):
    """The loss of a model that should give the sum of its inputs."""
    return lambda batch: {"mse": (model(batch) - batch.sum(1, keepdim=True)).square().mean()}


def parameters(model: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


OPTIMISERS = {
    "adam": lambda model: torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=0.1),
    "adamw": lambda model: torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1),
    "sgd": lambda model: torch.optim.SGD(model.parameters(), lr=0.01, weight_decay=0.1),
}


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_training_is_the_loop_that_one_would_write_by_hand(line, data, optimiser):
    by_hand = copy.deepcopy(line)
    steps = OPTIMISERS[optimiser](by_hand)
    with seeded(1, "train"):
        for _ in range(3):
            order = torch.randperm(10)
            for start in range(0, 10, 4):
                steps.zero_grad()
                squared(by_hand)(data[order[start : start + 4]])["mse"].backward()
                steps.step()
    budget = Budget(epochs=3, batch=4, optimiser=optimiser, learning_rate=0.01, weight_decay=0.1)
    with seeded(1, "train"):
        train(line, squared(line), data, budget)
    for ours, theirs in zip(parameters(line), parameters(by_hand), strict=True):
        assert torch.equal(ours, theirs)


def test_the_sum_of_the_terms_is_minimised(line, data):
    whole, halves = line, copy.deepcopy(line)
    budget = Budget(steps=20, batch=5)
    for model, terms in ((whole, 1), (halves, 2)):
        with seeded(1, "train"):
            train(
                model,
                lambda batch, model=model, terms=terms: {
                    f"term {i}": squared(model)(batch)["mse"] / terms for i in range(terms)
                },
                data,
                budget,
            )
    torch.testing.assert_close(parameters(whole), parameters(halves))


def test_steps_and_epochs_are_two_words_for_one_length(line, data):
    by_epochs, by_steps = line, copy.deepcopy(line)
    for model, budget in (
        (by_epochs, Budget(epochs=2, batch=4)),
        (by_steps, Budget(steps=6, batch=4)),
    ):
        assert budget.total_steps(len(data)) == 6
        with seeded(1, "train"):
            train(model, squared(model), data, budget)
    assert all(map(torch.equal, parameters(by_epochs), parameters(by_steps)))


def test_steps_may_end_inside_an_epoch(line, data):
    seen = []
    train(
        line,
        lambda batch: seen.append(len(batch)) or squared(line)(batch),
        data,
        Budget(steps=4, batch=4),
    )
    assert seen == [4, 4, 2, 4]


def test_every_sample_is_seen_once_an_epoch_in_an_order_of_its_own(line):
    numbers, seen = torch.arange(10.0)[:, None].expand(10, 3), []

    def loss(batch: torch.Tensor):
        seen.extend(batch[:, 0].tolist())
        return squared(line)(batch)

    train(line, loss, numbers, Budget(epochs=3, batch=4))
    epochs = [seen[start : start + 10] for start in (0, 10, 20)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(10))] * 3
    assert len(set(map(tuple, epochs))) == 3


def test_prepare_converts_bytes_into_the_input_of_the_loss(line):
    images = torch.full((6, 3), 51, dtype=torch.uint8)

    def loss(batch: torch.Tensor):
        assert batch.dtype == torch.float32
        assert torch.equal(batch, torch.full_like(batch, 0.2))
        return squared(line)(batch)

    train(line, loss, images, Budget(steps=2), prepare=lambda batch: batch / 255)


def test_the_model_trains_in_training_mode_and_is_left_in_evaluation_mode(data):
    model = nn.Sequential(nn.Linear(3, 1), nn.Dropout(0.5))
    modes = []
    train(
        model,
        lambda batch: modes.append(model.training) or squared(model)(batch),
        data,
        Budget(steps=2),
    )
    assert modes == [True, True]
    assert not model.training


def test_frozen_parameters_stay_as_they_are(line, data):
    line.bias.requires_grad_(False)
    before = line.bias.clone()
    train(line, squared(line), data, Budget(steps=3))
    assert torch.equal(line.bias, before)


class Pair(nn.Module):
    """A player and its critic, each with one number."""

    def __init__(self) -> None:
        super().__init__()
        self.player = nn.Parameter(torch.tensor(1.0))
        self.critic = nn.Parameter(torch.tensor(2.0))

    def loss(self, batch: torch.Tensor):
        return {"product": self.player * self.critic + 0 * batch.mean()}

    def critic_loss(self, batch: torch.Tensor) -> torch.Tensor:
        return (self.critic - self.player).square() + 0 * batch.mean()


def test_player_and_critic_move_in_turns_and_neither_moves_the_other():
    pair, rate = Pair(), 0.1
    player, critic = 1.0, 2.0
    for _ in range(5):
        player -= rate * critic
        critic -= rate * 2 * (critic - player)  # against the player that has moved
    train(
        pair,
        pair.loss,
        torch.zeros(4, 1),
        Budget(steps=5, optimiser="sgd", learning_rate=rate),
        critic=Critic([pair.critic], pair.critic_loss),
    )
    assert pair.player.item() == pytest.approx(player, rel=1e-5)
    assert pair.critic.item() == pytest.approx(critic, rel=1e-5)


def test_the_critic_gets_no_gradient_from_the_players_step():
    pair, gradients = Pair(), []

    def critic_loss(batch: torch.Tensor) -> torch.Tensor:
        gradients.append(pair.critic.grad)
        return pair.critic_loss(batch)

    train(
        pair,
        pair.loss,
        torch.zeros(4, 1),
        Budget(steps=1),
        critic=Critic([pair.critic], critic_loss),
    )
    assert gradients == [None]


def test_before_each_step_the_fraction_of_training_that_is_over_is_passed_on(line, data):
    fractions = []
    train(line, squared(line), data, Budget(steps=4, batch=4), before_step=fractions.append)
    assert fractions == [0.0, 0.25, 0.5, 0.75]


def test_it_begins_with_some_of_the_prepared_data_in_training_mode_without_gradients(line):
    numbers, begun = torch.arange(40, dtype=torch.uint8)[:, None].expand(40, 3), []

    def begin(batch: torch.Tensor) -> None:
        begun.append(batch)
        assert line.training
        assert not torch.is_grad_enabled()

    for batch in (2, 30):
        train(
            line,
            squared(line),
            numbers,
            Budget(steps=1, batch=batch),
            prepare=lambda batch: batch.float(),
            begin=begin,
        )
    few, all_of_them = (batch[:, 0].tolist() for batch in begun)
    assert len(set(few)) == 16  # eight batches, none twice
    assert set(few) < set(range(40))
    assert few != sorted(few)
    assert sorted(all_of_them) == list(range(40))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("step", [1, 7, 20])
def test_the_first_step_whose_loss_is_not_finite_is_named(line, data, bad, step):
    steps = iter(range(1, 100))

    def loss(batch: torch.Tensor):
        factor = bad if next(steps) == step else 1.0
        return {**squared(line)(batch), "other": factor * line.bias.square().sum()}

    with pytest.raises(TrainingDiverged, match=f"not finite at step {step}:") as raised:
        train(line, loss, data, Budget(steps=20, batch=4))
    assert raised.value.step == step


def test_a_critic_whose_loss_is_not_finite_is_named_too():
    pair = Pair()
    critic = Critic([pair.critic], lambda batch: pair.critic_loss(batch) / 0)
    with pytest.raises(TrainingDiverged, match="step 1:"):
        train(pair, pair.loss, torch.zeros(4, 1), Budget(steps=9), critic=critic)


def test_a_loss_that_breaks_on_weights_that_are_not_finite_names_the_step(line, data):
    """Latents refuse NaN with a ValueError, long before the loss is checked."""
    steps = iter(range(1, 100))

    def loss(batch: torch.Tensor):
        if not line.weight.isfinite().all():
            raise ValueError("latent values must be finite")
        if next(steps) == 3:
            return {"mse": squared(line)(batch)["mse"] * math.nan}
        return squared(line)(batch)

    with pytest.raises(TrainingDiverged, match="step 3:"):
        train(line, loss, data, Budget(steps=20, batch=4))


def test_a_finite_loss_whose_gradient_is_not_finite_names_the_next_step(line, data):
    steps = iter(range(1, 100))

    def loss(batch: torch.Tensor):
        if not line.weight.isfinite().all():
            raise ValueError("latent values must be finite")
        root = (line.weight.sum() * 0).sqrt() if next(steps) == 3 else 0.0  # slope 0 · ∞
        return {"mse": squared(line)(batch)["mse"] + root}

    with pytest.raises(TrainingDiverged, match="step 4:"):
        train(line, loss, data, Budget(steps=20, batch=4))


def test_weights_that_the_last_step_breaks_are_a_divergence(line, data):
    def loss(batch: torch.Tensor):
        return {"mse": squared(line)(batch)["mse"] + (line.weight.sum() * 0).sqrt()}

    with pytest.raises(TrainingDiverged, match="step 1:"):
        train(line, loss, data, Budget(steps=1))


def test_another_error_in_the_loss_is_passed_on(line, data):
    def loss(batch: torch.Tensor):
        raise ValueError("needs a multiple of eight")

    with pytest.raises(ValueError, match="multiple of eight"):
        train(line, loss, data, Budget(steps=2))


def test_reports_have_means_since_the_last_report_and_the_last_comes_at_the_end(line, data):
    values, reports = [], []

    def loss(batch: torch.Tensor):
        terms = {**squared(line)(batch), "constant": torch.tensor(2.0)}
        values.append(float(terms["mse"].detach()))
        return terms

    train(line, loss, data, Budget(steps=6, batch=4), report=reports.append)
    assert [(r.step, r.total) for r in reports] == [(6, 6)]
    assert reports[0].terms["mse"] == pytest.approx(sum(values) / 6, rel=1e-6)
    assert reports[0].terms["constant"] == 2.0

    values.clear()
    reports.clear()
    budget = Budget(steps=6, batch=4)
    train(line, loss, data, budget, report=reports.append, seconds_between_reports=0.0)
    assert [r.step for r in reports] == [1, 2, 3, 4, 5, 6]
    assert [r.terms["mse"] for r in reports] == pytest.approx(values, rel=1e-6)


def test_a_term_that_starts_late_is_averaged_over_the_steps_that_have_it(line, data):
    steps, reports = iter(range(6)), []

    def loss(batch: torch.Tensor):
        late = {"late": torch.tensor(2.0)} if next(steps) >= 4 else {}
        return {**squared(line)(batch), **late}

    train(line, loss, data, Budget(steps=6, batch=4), report=reports.append)
    assert reports[0].terms["late"] == 2.0


def test_throughput_counts_items_and_not_whole_batches(line, data, monkeypatch):
    clock = iter(range(100))  # one second passes between two readings of the clock
    monkeypatch.setattr("samplebench.training.watch.time.perf_counter", lambda: float(next(clock)))
    reports: list[Progress] = []
    budget = Budget(epochs=1, batch=4)
    train(line, squared(line), data, budget, report=reports.append, seconds_between_reports=100.0)
    readings = 4  # one a step, one more when the report is made
    assert [r.items_per_second for r in reports] == [pytest.approx(10 / readings)]


def test_reports_have_the_critics_loss():
    pair, reports = Pair(), []
    critic = Critic([pair.critic], pair.critic_loss)
    train(
        pair, pair.loss, torch.zeros(4, 1), Budget(steps=1), critic=critic, report=reports.append
    )
    assert set(reports[0].terms) == {"product", "critic"}


def test_bf16_computes_in_bf16_and_keeps_weights_in_float32(data):
    model, types = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1)), []

    def loss(batch: torch.Tensor):
        predicted = model(batch)
        types.append(predicted.dtype)
        return {"mse": (predicted - batch.sum(1, keepdim=True)).square().mean()}

    reports: list[Progress] = []
    budget = Budget(steps=300, precision="bf16", learning_rate=0.01)
    train(model, loss, data, budget, report=reports.append, seconds_between_reports=0.0)
    assert set(types) == {torch.bfloat16}
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert reports[-1].terms["mse"] < 0.05 * reports[0].terms["mse"]


@pytest.mark.slow
def test_a_compiled_loss_gives_the_same_training(line, data):
    compiled = copy.deepcopy(line)
    for model, budget in (
        (line, Budget(steps=10, batch=5)),
        (compiled, Budget(steps=10, batch=5, compile=True)),
    ):
        with seeded(1, "train"):
            train(model, squared(model), data, budget)
    torch.testing.assert_close(parameters(compiled), parameters(line))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either epochs or steps"),
        ({"epochs": 1, "steps": 1}, "either epochs or steps"),
        ({"steps": 0}, "steps must be positive, not 0"),
        ({"epochs": -1}, "epochs must be positive, not -1"),
        ({"steps": 1, "batch": 0}, "batch must be positive"),
        ({"steps": 1, "learning_rate": 0.0}, "learning_rate must be positive"),
        ({"steps": 1, "learning_rate": math.nan}, "learning_rate must be positive, not nan"),
    ],
)
def test_a_budget_that_makes_no_sense_cannot_be_built(arguments, message):
    with pytest.raises(ValueError, match=message):
        Budget(**arguments)


def test_a_budget_is_built_and_validated_from_plain_data():
    budgets = TypeAdapter(Budget)
    assert budgets.validate_python({"epochs": 2, "decay": "cosine"}) == Budget(2, decay="cosine")
    for wrong in ({}, {"epochs": "many"}, {"steps": 0}, {"steps": 1, "decay": "linear"}):
        with pytest.raises(ValidationError):
            budgets.validate_python(wrong)


@pytest.mark.parametrize(
    ("samples", "batch", "steps"), [(10, 4, 3), (8, 4, 2), (1, 4, 1), (9, 1, 9)]
)
def test_an_epoch_has_as_many_steps_as_batches(samples, batch, steps):
    assert Budget(epochs=1, batch=batch).total_steps(samples) == steps
    assert Budget(epochs=5, batch=batch).total_steps(samples) == 5 * steps
    assert Budget(steps=7, batch=batch).total_steps(samples) == 7


class Overfits(nn.Module):
    """A weight that training drives up for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))


def away_from(model: Overfits):
    """Falls on training data, which are negative; on held-out data it is least where the weight
    is their value.
    """

    def loss(batch: torch.Tensor) -> dict[str, torch.Tensor]:
        held_out = (model.weight - batch).square()
        return {"loss": torch.where(batch < 0, -model.weight, held_out).mean()}

    return loss


def driven_up(liked: float, patience: int, **budget: int) -> tuple[Overfits, Finish]:
    """Trained in steps of 0.25, two an epoch, with held-out data that like one weight best."""
    model = Overfits()
    finish = train(
        model,
        away_from(model),
        torch.full((10,), -1.0),
        Budget(**budget, batch=5, optimiser="sgd", learning_rate=0.25),
        held_out=HeldOut(torch.full((4,), liked), patience),
    )
    return model, finish


def test_early_stopping_keeps_the_weights_that_held_out_data_like_best():
    model, finish = driven_up(liked=2.0, patience=3, epochs=100)
    # Two steps an epoch raise the weight by 0.5: it is 2 after 4 epochs, and 3 more see no better.
    assert model.weight.item() == 2.0
    assert finish == Finish(steps=14, stopped_early=True, held_out=0.0)
    assert not model.training


def test_training_that_never_gets_worse_uses_its_whole_budget_and_keeps_the_end():
    model, finish = driven_up(liked=100.0, patience=1, steps=5)
    assert finish == Finish(steps=5, stopped_early=False, held_out=(100 - 1.25) ** 2)
    assert model.weight.item() == 1.25


def test_evaluations_are_a_hundredth_of_the_steps_apart_if_epochs_are_shorter():
    """Ten samples in one batch: an epoch is a step, and 300 steps have 100 evaluations."""
    model, evaluations = Overfits(), []
    loss = away_from(model)

    def watched(batch: torch.Tensor) -> dict[str, torch.Tensor]:
        if not model.training:
            evaluations.append(1)
        return loss(batch)

    train(
        model,
        watched,
        torch.full((10,), -1.0),
        Budget(steps=300, batch=10, optimiser="sgd", learning_rate=1e-3),
        held_out=HeldOut(torch.full((4,), 100.0), patience=1),
    )
    assert len(evaluations) == 1 + 100  # one before the first step


def test_a_start_that_training_makes_worse_is_kept():
    model, finish = driven_up(liked=0.0, patience=2, epochs=100)
    assert finish == Finish(steps=4, stopped_early=True, held_out=0.0)
    assert model.weight.item() == 0.0


@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_divergence_before_an_early_stop_is_raised_however_fast_the_machine(line, data, seconds):
    steps = iter(range(100))

    def breaks(batch: torch.Tensor) -> dict[str, torch.Tensor]:
        bad = math.nan if line.training and next(steps) >= 4 else 1.0
        return {"loss": squared(line)(batch)["mse"] * bad}

    with pytest.raises(TrainingDiverged) as raised:
        train(
            line,
            breaks,
            data,
            Budget(epochs=50, batch=4),
            held_out=HeldOut(data, patience=2),
            seconds_between_reports=seconds,
        )
    assert raised.value.step == 5


def test_the_learning_rate_falls_by_half_a_cosine(line, data):
    """Plain gradient steps: each moves by the rate of its step, which a twin is given by hand."""
    twin = copy.deepcopy(line)
    budget = Budget(steps=4, batch=10, optimiser="sgd", learning_rate=0.1, decay="cosine")
    with seeded(1, "train"):
        train(line, squared(line), data, budget)
    for rate in (0.1, 0.1 * (1 + math.sqrt(0.5)) / 2, 0.05, 0.1 * (1 - math.sqrt(0.5)) / 2):
        twin.zero_grad()
        squared(twin)(data)["mse"].backward()
        torch.optim.SGD(twin.parameters(), lr=rate).step()
    for ours, theirs in zip(parameters(line), parameters(twin), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_critic_learns_at_the_falling_rate_too(line, data):
    judge = nn.Parameter(torch.zeros(()))
    budget = Budget(steps=4, batch=10, optimiser="sgd", learning_rate=0.1, decay="cosine")
    train(line, squared(line), data, budget, critic=Critic([judge], lambda batch: -judge))
    assert judge.item() == pytest.approx(0.1 + 0.1 * 0.5 * 3)  # rates of the cosine, added up


def test_held_out_data_change_no_draw_of_training(line, data):
    """The batches, and the draws of the loss, are those of training without."""
    next_draws = []
    for held_out in (None, HeldOut(data[:4], patience=50)):
        model = copy.deepcopy(line)

        def noisy(batch: torch.Tensor, model: nn.Module = model) -> dict[str, torch.Tensor]:
            return squared(model)(batch + torch.randn_like(batch))

        with seeded(1, "train"):
            train(model, noisy, data, Budget(epochs=3, batch=4), held_out=held_out)
            next_draws.append(torch.rand(3))
    assert torch.equal(*next_draws)


def test_held_out_loss_is_the_mean_over_samples_whatever_the_batches(line, data):
    expected = squared(line)(data)["mse"].item()
    still = Budget(steps=1, batch=4, optimiser="sgd", learning_rate=1e-30)
    finish = train(line, squared(line), data, still, held_out=HeldOut(data, patience=1))
    assert finish.held_out == pytest.approx(expected, rel=1e-6)


def test_without_held_out_data_there_is_no_held_out_loss(line, data):
    assert train(line, squared(line), data, Budget(epochs=2, batch=4)) == Finish(steps=6)


def test_nothing_held_out_and_no_patience_are_refused(data):
    with pytest.raises(ValueError, match="at least one held-out sample"):
        HeldOut(data[:0], patience=1)
    with pytest.raises(ValueError, match="patience must be at least 1 evaluation, not 0"):
        HeldOut(data, patience=0)


def test_a_loss_that_is_never_finite_on_held_out_data_is_a_divergence(line, data):
    with pytest.raises(TrainingDiverged):
        train(
            line,
            lambda batch: {"bad": squared(line)(batch)["mse"] * math.nan},
            data,
            Budget(epochs=9, batch=4),
            held_out=HeldOut(data, patience=2),
        )
