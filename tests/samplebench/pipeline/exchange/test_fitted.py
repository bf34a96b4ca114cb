"""Fitted samplers outside a run: kept in a file and loaded again, they draw the same."""

import json
import re

import pytest
import torch
from quick_process import run_python
from safetensors import safe_open
from safetensors.torch import save_file

import samplebench
from samplebench import Continuous, seeded
from samplebench.errors import BadSamplerFile, UsageError

PLUGIN = """
from functools import partial

import torch
from samplebench import Continuous, Sampler, hookimpl

class Scaled(Sampler):
    "Training latents, scaled."
    accepts = (Continuous,)

    def __init__(self, scale: float = 1.0, source: Sampler | str = "kept"):
        self.scale, self.source = scale, source

    def fit(self, latents):
        self.source.fit(latents)

    def sample(self, count):
        drawn = self.source.sample(count)
        return drawn.space.pack(values=drawn.values * self.scale)

    def state(self):
        return {f"source.{name}": tensor for name, tensor in self.source.state().items()}

    def restore(self, space, state):
        self.source.restore(space, {name[7:]: tensor for name, tensor in state.items()})

class Kept(Sampler):
    "Training latents, drawn again."
    accepts = (Continuous,)

    def __init__(self, share: float = 1.0):
        self.share = share

    def fit(self, latents):
        self.latents = latents.copy()

    def sample(self, count):
        return self.latents[torch.randint(len(self.latents), (count,))]

    def state(self):
        return {"values": self.latents.values}

    def restore(self, space, state):
        self.latents = space.pack(values=state["values"])

class Centred(Kept):
    "Keeps its mean in a tensor of its own."

    def fit(self, latents):
        self.mean = latents.values.mean(0, keepdim=True)
        self.space = latents.space

    def sample(self, count):
        return self.space.pack(values=self.mean.expand(count, *self.mean.shape[1:]))

    def state(self):
        return {"mean": self.mean}

    def restore(self, space, state):
        self.space, self.mean = space, torch.zeros(state["mean"].shape).copy_(state["mean"])

class Forgetful(Kept):
    "Has no state."
    state, restore = Sampler.state, Sampler.restore

@hookimpl
def register_samplers(register):
    register("scaled", Scaled)
    register("kept", Kept)
    register("forgetful", Forgetful)
    register("centred", Centred)
    register("half-kept", partial(Kept, share=0.5))
"""

LOADED = """
import sys
from safetensors.torch import save_file
import samplebench
file, plugin, out = sys.argv[1:]
sampler = samplebench.load_sampler(file, plugins=[plugin])
with samplebench.seeded(3, "sample"):
    save_file({"values": sampler.sample(20).values}, out)
"""


@pytest.fixture(autouse=True)
def without_bundled_plugins(monkeypatch):
    monkeypatch.setattr("samplebench.registry.loading.entry_points", lambda group: [])


@pytest.fixture
def plugin(tmp_path):
    file = tmp_path / "my_plugin.py"
    file.write_text(PLUGIN)
    return file


@pytest.fixture
def latents():
    return Continuous(3, (2,)).pack(values=torch.randn(50, 2, 3))


@pytest.fixture
def kept(plugin, latents, tmp_path):
    """A file with a fitted sampler that holds another."""
    spec = "scaled(scale=2.0, source='kept(share=0.5)')"
    sampler = samplebench.fit_sampler(spec, latents, plugins=[plugin])
    samplebench.save_sampler(sampler, tmp_path / "kept.safetensors", plugins=[plugin])
    return tmp_path / "kept.safetensors"


def drawn(sampler):
    with seeded(3, "sample"):
        return sampler.sample(20)


def test_a_loaded_sampler_draws_what_the_saved_one_draws(plugin, latents, kept):
    sampler = samplebench.load_sampler(kept, plugins=[plugin])
    again = samplebench.fit_sampler(
        "scaled(scale=2.0, source='kept(share=0.5)')", latents, plugins=[plugin]
    )
    assert torch.equal(drawn(sampler).values, drawn(again).values)
    assert drawn(sampler).space == latents.space
    assert (sampler.scale, sampler.source.share) == (2.0, 0.5)


def test_samplers_of_two_files_with_one_name_are_not_taken_for_each_other(latents, tmp_path):
    names, files = ("zeta", "alpha"), []
    for scale, name in enumerate(names, start=2):
        (tmp_path / name).mkdir()
        files.append(tmp_path / name / "mine.py")
        source = PLUGIN.replace("torch.randint", f"{scale} + 0 * torch.randint")
        source = source.replace('"kept"', f'"{name}"').replace("half-kept", f"half-{name}")
        source = source.replace('"scaled"', f'"scaled-{name}"').replace('"centred"', f'"c-{name}"')
        files[-1].write_text(source.replace('"forgetful"', f'"forgetful-{name}"'))
    for row, name in enumerate(names, start=2):
        fitted = samplebench.fit_sampler(name, latents, plugins=files)
        samplebench.save_sampler(fitted, tmp_path / "kept", plugins=files)
        loaded = samplebench.load_sampler(tmp_path / "kept", plugins=files)
        assert torch.equal(drawn(loaded).values, drawn(fitted).values)
        assert torch.equal(drawn(loaded).values[0], latents.values[row])


def test_a_fresh_process_draws_the_same(plugin, kept, tmp_path):
    out = tmp_path / "out.safetensors"
    code = LOADED.replace("import samplebench", "import samplebench, samplebench.registry.loading")
    run_python(code, kept, plugin, out).check_returncode()
    with safe_open(out, "pt") as opened:
        theirs = opened.get_tensor("values")
    ours = samplebench.load_sampler(kept, plugins=[plugin])
    assert torch.equal(drawn(ours).values, theirs)


def test_the_file_says_what_it_holds(kept):
    with safe_open(kept, "pt") as opened:
        told = json.loads(opened.metadata()["samplebench"])
        assert list(opened.keys()) == ["source.values"]
    assert told["space"] == {"kind": "continuous", "channels": 3, "grid": [2]}
    assert told["sampler"]["settings"] == {"scale": 2.0, "source": "kept(share=0.5)"}


def test_saving_draws_from_no_stream_of_the_caller(plugin, latents, tmp_path):
    sampler = samplebench.fit_sampler("kept", latents, plugins=[plugin])
    torch.manual_seed(1)
    samplebench.save_sampler(sampler, tmp_path / "file", plugins=[plugin])
    found = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(found, torch.rand(3))


def test_other_code_is_told(plugin, kept):
    plugin.write_text(PLUGIN + "\nCHANGED = True\n")
    with pytest.warns(UserWarning, match="saved with other code"):
        samplebench.load_sampler(kept, plugins=[plugin])


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("kept(share=[0.1, 0.2])", "a grid of 2 samplers"),
        ("kepd", "Did you mean 'kept'"),
        ("scaled(source='kept(rate=1)')", "no setting 'rate'"),
    ],
)
def test_a_sampler_that_cannot_be_fitted_is_refused(spec, told, plugin, latents):
    with pytest.raises(UsageError, match=told):
        samplebench.fit_sampler(spec, latents, plugins=[plugin])


def test_maps_and_codes_say_how_they_are_to_be_read(plugin):
    with pytest.raises(UsageError, match="say layout="):
        samplebench.fit_sampler("kept", torch.zeros(5, 3, 2), plugins=[plugin])
    with pytest.raises(UsageError, match="say how many a codebook has"):
        samplebench.fit_sampler("kept", torch.zeros(5, 3).long(), plugins=[plugin])
    assert len(samplebench.fit_sampler("kept", torch.zeros(5, 3), plugins=[plugin]).sample(2)) == 2


def test_a_list_is_refused_in_one_sentence():
    """In a process where types are not checked, as a user's."""
    program = "import samplebench; samplebench.fit_sampler('gaussian', [[1.0, 2.0]])"
    done = run_python(program)
    last = done.stderr.splitlines()[-1]
    assert "UsageError: latents are an array or a tensor, not a list; numpy.asarray" in last


def test_latents_that_an_encoder_gave_with_gradients_are_taken_without(plugin, latents):
    followed = latents.space.pack(values=latents.values.clone().requires_grad_())
    sampler = samplebench.fit_sampler("kept", followed, plugins=[plugin])
    assert not drawn(sampler).values.requires_grad


def test_latents_of_a_kind_that_a_sampler_does_not_take_are_refused(plugin):
    codes = samplebench.Discrete((3,)).pack(codes=torch.zeros(4, 1, dtype=torch.int64))
    with pytest.raises(UsageError, match="takes continuous latents, these are discrete"):
        samplebench.fit_sampler("kept", codes, plugins=[plugin])


def test_what_has_no_state_says_so(plugin, latents, tmp_path):
    sampler = samplebench.fit_sampler("forgetful", latents, plugins=[plugin])
    with pytest.raises(UsageError, match="Forgetful has no `state`, and cannot be saved"):
        samplebench.save_sampler(sampler, tmp_path / "file", plugins=[plugin])
    assert not (tmp_path / "file").exists()


def test_a_class_that_nobody_registered_is_told(plugin, latents, tmp_path):
    sampler = samplebench.fit_sampler("kept", latents, plugins=[plugin])
    with pytest.raises(UsageError, match="no installed sampler is made by the class Kept"):
        samplebench.save_sampler(sampler, tmp_path / "file")


@pytest.mark.parametrize("device", ["abacus", "cuda:99"])
def test_a_device_that_is_not_here_is_told(device, plugin, kept):
    with pytest.raises(UsageError, match=rf"device '{device}' cannot be used here .* try 'cpu'"):
        samplebench.load_sampler(kept, device=device, plugins=[plugin])


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UsageError, match="there is no such file"):
        samplebench.load_sampler(tmp_path / "none")


def test_a_sampler_that_is_not_installed_is_told(kept):
    with pytest.raises(BadSamplerFile, match="which is not what is installed here"):
        samplebench.load_sampler(kept)


@pytest.mark.parametrize("damage", ["cut", "text", "no header"])
def test_a_damaged_file_is_told(damage, plugin, kept):
    if damage == "cut":
        kept.write_bytes(kept.read_bytes()[:-8])
    elif damage == "text":
        kept.write_text("not tensors")
    else:
        save_file({"values": torch.zeros(2)}, kept)
    with pytest.raises(BadSamplerFile, match=re.escape(f"{kept} is damaged, or no file")):
        samplebench.load_sampler(kept, plugins=[plugin])


def without_digest(header):
    """The header of an earlier version, which had no digest of the content."""
    ((name, text),) = header.items()
    content = json.loads(text)
    del content["digest"]
    return {name: json.dumps(content)}


def test_tensors_of_another_type_are_told(latents, plugin, tmp_path):
    kept = tmp_path / "centred.safetensors"
    fitted = samplebench.fit_sampler("centred", latents, plugins=[plugin])
    samplebench.save_sampler(fitted, kept, plugins=[plugin])
    samplebench.load_sampler(kept, plugins=[plugin])
    with safe_open(kept, "pt") as opened:
        header = without_digest(opened.metadata())
        state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    save_file({name: tensor.long() for name, tensor in state.items()}, kept, header)
    with pytest.raises(BadSamplerFile, match=r"mean is torch.int64, and it takes torch.float32"):
        samplebench.load_sampler(kept, plugins=[plugin])


def test_a_sampler_that_was_never_fitted_is_told(plugin, latents, tmp_path):
    made = samplebench.fit_sampler(
        "kept", Continuous(2).pack(values=torch.ones(3, 2)), plugins=[plugin]
    )
    with pytest.raises(UsageError, match="it is not fitted"):
        samplebench.save_sampler(type(made)(), tmp_path / "file", plugins=[plugin])


def test_tensors_of_other_shapes_are_told(plugin, kept):
    with safe_open(kept, "pt") as opened:
        header = without_digest(opened.metadata())
    save_file({"source.values": torch.zeros(4, 5)}, kept, header)
    with pytest.raises(BadSamplerFile, match="does not hold what"):
        samplebench.load_sampler(kept, plugins=[plugin])


def test_tensors_that_are_missing_are_told(plugin, kept):
    with safe_open(kept, "pt") as opened:
        header = without_digest(opened.metadata())
    save_file({"other": torch.zeros(2)}, kept, header)
    with pytest.raises(BadSamplerFile, match="does not hold what"):
        samplebench.load_sampler(kept, plugins=[plugin])
