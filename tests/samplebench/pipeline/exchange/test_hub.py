"""The hub, offline: its own cache on this machine, and a stand-in that takes uploads into it."""

import json
import shutil
import sys
from types import SimpleNamespace

import huggingface_hub
import pytest
import torch
from huggingface_hub import errors
from markdown_it import MarkdownIt

import samplebench
from samplebench.display import QuietDisplay
from samplebench.errors import BadCheckpoint, HubError, UsageError
from samplebench.pipeline.exchange.checkpoint_folder import read_checkpoint
from samplebench.pipeline.exchange.hub import download, upload
from samplebench.pipeline.exchange.model_card import model_card
from samplebench.pipeline.exchange.pretrained import open_checkpoint
from samplebench.pipeline.exchange.train import train_checkpoint, training_suite
from samplebench.pipeline.running.inline import InlineExecutor
from samplebench.registry.loading import load_parts


class Hub:
    """Takes commits as the hub does, straight into the cache that downloads are kept in."""

    def __init__(self, cache):
        self.cache, self.made = cache, []

    def create_repo(self, repository, *, private, exist_ok):
        assert exist_ok
        self.made.append((repository, private))

    def create_commit(self, repository, operations, *, commit_message):
        home = self.cache / f"models--{repository.replace('/', '--')}"
        commit = f"{len(list(home.glob('snapshots/*'))) + 1:040x}"
        (home / "refs").mkdir(parents=True, exist_ok=True)
        (home / "refs" / "main").write_text(commit)
        snapshot = home / "snapshots" / commit
        for operation in operations:
            place = snapshot / operation.path_in_repo
            place.parent.mkdir(parents=True, exist_ok=True)
            with operation.as_file() as content:
                place.write_bytes(content.read())
        return SimpleNamespace(commit_url=f"hub/{repository}/{commit}")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub that is this machine's cache, and no network."""
    cache = tmp_path / "cache"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    hub = Hub(cache)
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: hub)
    return hub


@pytest.fixture(scope="module")
def trained_once(make_bench, tmp_path_factory):
    """A checkpoint."""
    bench = make_bench(tmp_path_factory.mktemp("trained"))
    suite = training_suite(
        None, dataset="stripes", autoencoder="linear(latent=3)", seed=0, epochs=1
    )
    parts = load_parts(bench.site.plugins)
    train_checkpoint(suite, parts, bench.site, InlineExecutor(), QuietDisplay())
    return bench.site.results


@pytest.fixture
def kept(trained_once, bench, monkeypatch):
    """A copy of that checkpoint, with no other plugin than it needs."""
    monkeypatch.setattr("samplebench.registry.loading.entry_points", lambda group: [])
    return shutil.copytree(trained_once, bench.site.results)


def test_what_is_pushed_loads_to_the_same_outputs(hub, kept, bench):
    upload(kept, "somebody/linear")
    place = "hf://somebody/linear"
    pushed, local = (
        samplebench.load_autoencoder(where, plugins=[bench.plugin]) for where in (place, kept)
    )
    images = torch.rand(5, 1, 8, 8)
    with torch.no_grad():
        assert torch.equal(pushed.encode(images).values, local.encode(images).values)
        assert torch.equal(
            pushed.decode(pushed.encode(images)), local.decode(local.encode(images))
        )
    assert open_checkpoint(place).record == read_checkpoint(kept)


def test_an_earlier_revision_is_found_by_its_commit(hub, kept):
    first = upload(kept, "somebody/linear").rpartition("/")[2]
    second = upload(kept, "somebody/linear").rpartition("/")[2]
    assert download(f"hf://somebody/linear@{first}").name == first
    assert download("hf://somebody/linear").name == second


def test_the_repository_is_made_as_it_was_asked_for(hub, kept):
    upload(kept, "somebody/linear", private=True)
    upload(kept, "somebody/linear")
    assert hub.made == [("somebody/linear", True), ("somebody/linear", False)]


def test_the_card_says_what_it_is_how_to_load_it_and_whose_idea_it_was(hub, kept, bench):
    upload(kept, "somebody/linear")
    card = (download("hf://somebody/linear") / "README.md").read_text()
    record = json.loads((kept / "autoencoder.json").read_text())
    assert card.startswith("---\nlibrary_name: samplebench\n")
    assert 'samplebench.load_autoencoder("hf://somebody/linear")' in card
    assert "A paper of the tests (Nobody, 2000), arXiv:0000.00000" in card
    assert "| seed | 0 |" in card
    assert f"{record['training']['error']:.4g} on 60 held-out images" in card
    assert "`epochs=1`, `batch=128`" in card


def test_the_code_in_the_card_runs(hub, kept, bench, monkeypatch):
    upload(kept, "somebody/linear")
    card = model_card(read_checkpoint(kept), "somebody/linear")
    [code] = [block.split("```")[0] for block in card.split("```python\n")[1:]]
    parts = load_parts(bench.site.plugins)
    monkeypatch.setattr(
        "samplebench.pipeline.exchange.pretrained.load_parts", lambda choice: parts
    )
    names = {"samples": torch.rand(2, 1, 8, 8)}
    exec(code, names)
    assert names["latents"].values.shape == (2, 3)


def test_a_damaged_checkpoint_is_not_pushed(hub, kept):
    weights = kept / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(BadCheckpoint, match="is not the file"):
        upload(kept, "somebody/linear")
    assert not hub.made


def test_a_repository_that_holds_something_else_is_no_checkpoint(hub, tmp_path):
    folder = tmp_path / "cache" / "models--somebody--bert"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("1" * 40)
    (folder / "snapshots" / ("1" * 40)).mkdir(parents=True)
    with pytest.raises(BadCheckpoint, match=r"it has no autoencoder\.json"):
        open_checkpoint("hf://somebody/bert")


@pytest.mark.parametrize("place", ["hf://linear", "hf://a/b/c", "hf://", "hf://@main"])
def test_what_is_no_name_of_a_repository_is_told(hub, place):
    with pytest.raises(UsageError, match="written owner/name"):
        open_checkpoint(place)


@pytest.mark.parametrize(
    "revision", ["../../x", "a/../b", "/etc", "..", ".x", "a//b", "a b", "-x"]
)
def test_what_is_no_revision_is_told_before_the_hub_is_asked(hub, revision):
    with pytest.raises(UsageError, match="is no revision of a repository; give a branch"):
        open_checkpoint(f"hf://somebody/linear@{revision}")


@pytest.mark.parametrize("revision", ["main", "v1.0.2", "refs/pr/3", "feature/x_y-z", "0" * 40])
def test_branches_tags_and_commits_are_revisions(hub, revision):
    with pytest.raises(HubError):  # it is asked, and has none
        open_checkpoint(f"hf://somebody/linear@{revision}")


def test_a_card_shows_texts_as_they_are(kept):
    record = read_checkpoint(kept)
    part = record.training.dataset.model_copy(update={"spec": "file(path='a`b|*c*<d>')"})
    training = record.training.model_copy(update={"dataset": part})
    told = {"training": training, "reference": "A *starred* | paper <b>"}
    card = model_card(record.model_copy(update=told), "somebody/linear")
    page = MarkdownIt("commonmark").enable("table").parse(card.split("---\n")[-1])
    inline = [child for token in page for child in token.children or ()]
    codes = [child.content for child in inline if child.type == "code_inline"]
    assert codes.count("file(path='a`b|*c*<d>')") == 2
    assert not {"em_open", "html_inline"} & {child.type for child in inline}
    assert "The autoencoder is from A *starred* | paper <b>." in [
        "".join(child.content for child in token.children or ()) for token in page
    ]


def test_without_a_network_what_is_not_in_the_cache_is_told(hub):
    with pytest.raises(HubError, match="cannot be reached, and somebody/else is not in its cache"):
        open_checkpoint("hf://somebody/else")


def test_a_name_that_the_hub_does_not_take_is_told(hub):
    with pytest.raises(HubError, match=r"takes no such name as 'some body/x'"):
        open_checkpoint("hf://some body/x")


def test_without_the_extra_the_command_to_install_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(HubError, match=r"pip install 'samplebench\[hub\]'"):
        open_checkpoint("hf://somebody/linear")


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [
        ("RepositoryNotFoundError", 404, "the hub has no somebody/linear, or hides it"),
        ("GatedRepoError", 403, "the owner of somebody/linear lets in only"),
        ("RevisionNotFoundError", 404, "somebody/linear has no revision 'old'"),
        ("HfHubHTTPError", 401, "does not let you write to somebody/linear.*hf auth login"),
        ("HfHubHTTPError", 503, "could not be asked for somebody/linear .*service is down"),
    ],
)
def test_what_the_hub_answers_is_one_message(monkeypatch, kind, status, told):
    response = SimpleNamespace(status_code=status, headers={}, request=None)
    error = getattr(errors, kind)("the service is down\nand more", response=response)

    def snapshot_download(repository, **options):
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    with pytest.raises(HubError, match=told) as raised:
        download("hf://somebody/linear@old")
    assert "\n" not in str(raised.value)


def test_whoever_is_not_logged_in_is_told_how_to(hub, kept, monkeypatch):
    def create_repo(repository, **options):
        raise errors.LocalTokenNotFoundError("a token is needed")

    monkeypatch.setattr(hub, "create_repo", create_repo)
    with pytest.raises(HubError, match="log in with `hf auth login`, or set HF_TOKEN"):
        upload(kept, "somebody/linear")
