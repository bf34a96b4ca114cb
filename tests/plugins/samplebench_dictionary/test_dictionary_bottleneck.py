"""The dictionary bottleneck: its codes, its loss terms, and how its atoms move."""

import itertools
import math

import pytest
import torch

from samplebench import Sparse, seeded
from samplebench_dictionary.dictionary_bottleneck import DictionaryBottleneck

UPDATES = ("gradient", "online")


def bottleneck(**options):
    with seeded(0, "bottleneck"):
        return DictionaryBottleneck(**{"atoms": 24, "channels": 6, "active": 2, **options})


def sites(images=5, positions=9, channels=6):
    with seeded(1, "sites"):
        return torch.randn(images, positions, channels)


def latents_of(part, points):
    coded = part.encode(points)
    return part.space((points.shape[1],)).pack(values=coded.values, codes=coded.codes)


def settle(part, points, steps):
    """Train the dictionary alone on fixed sites; what it costs at the end."""
    optimiser = torch.optim.Adam(part.parameters(), lr=0.02) if part.moments is None else None
    for _ in range(steps):
        _, terms = part(points)
        if optimiser:
            optimiser.zero_grad()
            terms["dictionary"].backward()
            optimiser.step()
    part.eval()
    return float((part(points)[0] - points).square().mean())


def test_decoding_the_codes_gives_the_sum_of_scaled_atoms():
    part, points = bottleneck(), sites()
    latents = latents_of(part, points)
    found = part.decode(latents)
    for image, position in itertools.product(range(5), range(9)):
        pairs = zip(latents.values[image, position], latents.codes[image, position], strict=True)
        atoms = part.directions.detach()
        expected = sum(scale * atoms[code] / atoms[code].norm() for scale, code in pairs)
        torch.testing.assert_close(found[image, position], expected, rtol=1e-5, atol=1e-6)


def test_latents_are_sparse_with_ascending_atoms():
    part = bottleneck(active=3)
    latents = latents_of(part, sites())  # a batch whose atoms do not ascend cannot be built
    assert latents.space == Sparse(24, 3, (9,))


def test_one_active_atom_is_the_best_of_all_atoms():
    part, points = bottleneck(active=1), sites()
    atoms = part.unit_atoms.detach()
    scales = points @ atoms.T  # the best coefficient of each atom
    errors = (points[:, :, None] - scales[..., None] * atoms).square().sum(-1)
    assert torch.equal(latents_of(part, points).codes[..., 0], errors.argmin(-1))


@pytest.mark.parametrize("training", [True, False])
def test_a_result_does_not_depend_on_what_else_is_in_the_batch(training):
    part, points = bottleneck(), sites(images=12)
    part.train(training)
    together, _ = part(points)
    for image in range(12):
        alone, _ = bottleneck().train(training)(points[image : image + 1])
        torch.testing.assert_close(alone[0], together[image], rtol=1e-5, atol=1e-6)


def test_training_decodes_what_evaluation_decodes():
    part, points = bottleneck(), sites()
    torch.testing.assert_close(part(points)[0], part.decode(latents_of(part, points)))


def test_loss_terms_are_mean_squared_errors_by_weight():
    part, points = bottleneck(commitment=0.5, dictionary=3.0), sites()
    with torch.no_grad():
        decoded, terms = part(points)
    error = float((decoded - points).square().sum() / points.numel())
    assert float(terms["commitment"]) == pytest.approx(0.5 * error, rel=1e-5)
    assert float(terms["dictionary"]) == pytest.approx(3.0 * error, rel=1e-5)


def test_the_gradient_passes_straight_through():
    part, points = bottleneck(), sites().requires_grad_()
    weights = torch.randn_like(points)
    (part(points)[0] * weights).sum().backward()
    assert torch.equal(points.grad, weights)
    assert part.directions.grad is None


def test_the_commitment_moves_only_sites_and_the_dictionary_term_only_atoms():
    part, points = bottleneck(commitment=1.0), sites().requires_grad_()
    decoded, terms = part(points)
    gradient = torch.autograd.grad(terms["commitment"], points, retain_graph=True)[0]
    torch.testing.assert_close(gradient, 2 * (points - decoded).detach() / points.numel())
    terms["dictionary"].backward()
    assert points.grad is None
    assert part.directions.grad.abs().max() > 0


def test_the_gradient_of_a_direction_is_tangent_to_the_sphere():
    part = bottleneck()
    part(sites())[1]["dictionary"].backward()
    along = (part.directions.grad * part.unit_atoms).sum(1)
    assert along.abs().max() < 1e-6


def test_atoms_start_as_directions_of_distinct_sites():
    part = bottleneck(atoms=8)
    points = torch.cat([torch.zeros(1, 9, 6), sites(1).repeat(4, 1, 1)])  # 9 directions, repeated
    part.begin(points)
    cosines = part.unit_atoms @ torch.nn.functional.normalize(points[1]).T
    nearest = cosines.max(1)
    torch.testing.assert_close(nearest.values, torch.ones(8))
    assert len(set(nearest.indices.tolist())) == 8


def test_fewer_sites_than_atoms_leave_the_other_atoms_as_they_were():
    part = bottleneck()
    before = part.directions.detach().clone()
    part.begin(sites(images=1))
    assert torch.equal(part.directions[9:], before[9:])
    assert not torch.equal(part.directions[:9], before[:9])


@pytest.mark.parametrize("update", UPDATES)
def test_a_planted_dictionary_is_found(update):
    with seeded(2, "planted"):
        planted = torch.nn.functional.normalize(torch.randn(12, 8))
        codes = torch.rand(16, 60, 12).argsort(-1) < 2  # two atoms a site
        points = (codes * torch.randn(16, 60, 12)) @ planted
        part = DictionaryBottleneck(atoms=16, channels=8, active=2, update=update, revive=20)
        part.begin(points)
        untrained = settle(bottleneck(atoms=16, channels=8, update=update, revive=0), points, 0)
        error = settle(part, points, 300)
    found = (planted @ part.unit_atoms.detach().T).abs().amax(1)
    assert (found > 0.99).sum() >= 10
    assert error < 0.1 * untrained


def test_the_online_rule_takes_the_step_of_its_formula():
    part = bottleneck(atoms=10, update="online", decay=0.5, revive=0).double()
    points, kept = sites().double(), [0.0, 0.5, 0.5]  # min(1 − 1/t, 0.5)
    gram, cross = torch.zeros(10, 10).double(), torch.zeros(10, 6).double()
    for share in kept:
        before = part.unit_atoms
        latents = latents_of(part, points)
        codes = torch.zeros(45, 10).double()
        codes.scatter_(1, latents.codes.flatten(0, 1), latents.values.flatten(0, 1))
        gram = share * gram + codes.T @ codes / 45
        cross = share * cross + codes.T @ points.flatten(0, 1) / 45
        part(points)
        moved = [j for j in range(10) if not torch.allclose(part.unit_atoms[j], before[j])]
        for j in moved:
            step = before[j] + (cross[j] - gram[j] @ before) / gram[j, j]
            torch.testing.assert_close(part.unit_atoms[j], step / step.norm())
        assert len(moved) == 1  # a tenth
    torch.testing.assert_close(part.moments.with_atoms, gram)
    torch.testing.assert_close(part.moments.with_signals, cross)


@pytest.mark.parametrize("update", UPDATES)
def test_an_atom_unused_for_so_many_steps_moves_to_the_worst_site(update):
    part = bottleneck(update=update, revive=3, atoms=4, channels=3, active=1)
    with torch.no_grad():
        part.directions.copy_(torch.eye(4, 3))
        part.directions[3] = torch.tensor([1.0, 1.0, 0.0])
    points = torch.tensor([[[5.0, 0, 0], [0, 5.0, 0.1], [3.0, 3.0, 0.0], [0, 1.0, 0.9]]])
    for _ in range(2):
        part(points)
    torch.testing.assert_close(part.unit_atoms[2], torch.tensor([0.0, 0, 1]))
    part(points)
    torch.testing.assert_close(part.unit_atoms[2], torch.tensor([0.0, 1.0, 0.9]) / math.sqrt(1.81))
    torch.testing.assert_close(part.directions[2].norm(), torch.tensor(1.0))
    assert part.idle.tolist() == [0, 0, 0, 0]


def test_evaluation_changes_nothing():
    part = bottleneck(update="online", revive=1).eval()
    before = {name: value.clone() for name, value in part.state_dict().items()}
    for _ in range(3):
        part(sites())
    assert all(torch.equal(value, before[name]) for name, value in part.state_dict().items())


@pytest.mark.parametrize("update", UPDATES)
def test_zero_sites_leave_every_atom_a_direction(update):
    part = bottleneck(update=update, revive=1)
    part.begin(torch.zeros(3, 9, 6))
    for _ in range(3):
        decoded, _ = part(torch.zeros(3, 9, 6))
        assert (decoded == 0).all()
    torch.testing.assert_close(part.unit_atoms.norm(dim=1), torch.ones(24))


@pytest.mark.parametrize("update", UPDATES)
def test_half_precision_sites_are_coded_in_single_precision(update):
    part = bottleneck(update=update)
    with torch.autocast("cpu", torch.bfloat16):
        decoded, terms = part(sites().bfloat16())
    assert decoded.dtype == torch.float32
    assert all(term.isfinite() for term in terms.values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"active": 25}, "active lies in 1…atoms"),
        ({"active": 0}, "active lies in 1…atoms"),
        ({"channels": 0}, "channels are at least 1"),
        ({"commitment": -1.0}, "not negative"),
        ({"revive": -1}, "not negative"),
        ({"decay": 1.5}, "decay lies in"),
    ],
)
def test_a_number_out_of_its_range_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        bottleneck(**options)
