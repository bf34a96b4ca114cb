"""Every sampler meets latents of every kind: it is measured on them, or refused for a reason."""

import json
from collections import defaultdict

import pytest

from samplebench.cli import main
from samplebench.pipeline.request.suite import load_suite
from samplebench.registry.loading import load_parts
from samplebench.registry.spec import parse_grid

KINDS = {"continuous", "discrete", "mixture", "sparse"}


def test_the_smoke_suite_has_every_bundled_sampler_and_every_kind_of_latents():
    suite, parts = load_suite("smoke"), load_parts()
    named = {spec.name for text in suite.samplers for spec in parse_grid(text)}
    bundled = {
        name for name, part in parts.samplers.items() if part.plugin.distribution == "samplebench"
    }
    assert named == bundled - {"file"}  # which draws from a file of the user's
    spaces = {
        parts.autoencoders.choose(text)[0].build((1, 8, 8)).latent_space.kind
        for text in suite.autoencoders
    }
    assert spaces == KINDS


@pytest.mark.slow
def test_no_pair_of_the_smoke_suite_fails(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--suite", "smoke", "--workspace", "cache", "--quiet"]) == 0
    records = [json.loads(p.read_text()) for p in tmp_path.glob("leaderboards/records/*/*/*.json")]
    states = defaultdict(set)
    for record in records:
        if record["sampler"]:
            states[record["sampler"]["name"]].add(record["status"])
        if record["status"] == "refused":
            assert "latents, these are" in record["reason"]
    assert {"measured"} < set().union(*states.values()) <= {"measured", "refused"}
    assert all("measured" in found for found in states.values())
    held_out = {
        record["sampler"]["name"]
        for record in records
        for score in record["scores"]
        if score["title"] == "held-out NLL"
    }
    assert {"gmm", "flow", "kde", "code-markov", "gm-vq", "pixelcnn"} <= held_out
    assert not held_out & {"resample", "two-stage-vae", "dictionary"}
