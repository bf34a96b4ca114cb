"""Where numbers come from: the versions that decide them, and the commit of the code."""

import importlib.util
import subprocess
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch

import samplebench
from samplebench.pipeline.provenance import (
    describe_blas,
    describe_processor,
    name_blas,
    relevant_versions,
    source_commit,
)
from samplebench.registry.syntax import Code

ROOT = Path(__file__).parents[3]


def code(*packages: str) -> Code:
    return Code("0", frozenset(packages), frozenset())


def test_torch_is_always_relevant():
    assert relevant_versions([]) == {"torch": version("torch")}


def test_packages_that_compute_are_relevant_and_those_that_state_or_move_numbers_are_not():
    codes = [code("numpy", "jaxtyping"), code("sklearn", "pydantic", "safetensors")]
    assert set(relevant_versions(codes)) == {"torch", "numpy", "scikit-learn"}


def test_a_package_that_is_not_installed_has_no_version():
    assert set(relevant_versions([code("no_such_package")])) == {"torch"}


@pytest.mark.parametrize(
    ("text", "described"),
    [
        (
            "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n"
            "model name\t: AMD EPYC\n\nprocessor\t: 1\nmodel\t\t: 18\n",
            "AMD EPYC, family 25, model 17",
        ),
        (
            "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n",
            "implementer 0x41, part 0xd0c",
        ),
        ("", ""),
    ],
)
def test_a_processor_is_described_by_its_generation_and_not_by_its_name_alone(text, described):
    assert describe_processor(text) == described


@pytest.mark.parametrize(
    ("configuration", "described"),
    [
        ("Build settings: BLAS_INFO=mkl, BUILD_TYPE=Release, LAPACK_INFO=mkl", "mkl"),
        ("Build settings: BLAS_INFO=open, BUILD_TYPE=Release", "open"),
        ("  - LAPACK is enabled (usually provided by MKL)", "unknown"),
    ],
)
def test_the_blas_of_torch_is_read_from_the_text_about_its_build(configuration, described):
    assert describe_blas(configuration) == described


def test_the_blas_of_torch_and_of_numpy_are_both_named():
    numpy_blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    assert name_blas().endswith(f" (torch), {numpy_blas} (numpy)")
    assert name_blas().startswith("mkl") == torch.backends.mkl.is_available()


def git(folder: Path, *words: str) -> str:
    about = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org")
    command = ["git", "-C", str(folder), *about, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit_all(folder: Path) -> str:
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return git(folder, "rev-parse", "--short=12", "HEAD")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """``home("src")`` is the folder of a package from which samplebench seems to run."""

    def home(above: str) -> Path:
        folder = tmp_path / above / "samplebench"
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        monkeypatch.setattr(samplebench, "__file__", str(folder / "__init__.py"))
        return folder

    return home


def test_an_installation_has_the_commit_that_it_was_built_from(home):
    (home("site-packages") / "source-commit.txt").write_text("0123456789ab\n")
    assert source_commit() == "0123456789ab"


def test_an_installation_that_does_not_say_has_no_commit(home, tmp_path):
    home("site-packages")
    assert source_commit() is None
    commit_all(tmp_path)  # of an environment that lies in a checkout of something else
    assert source_commit() is None


def test_a_checkout_has_its_commit_marked_if_files_differ(home, tmp_path):
    folder = home("src")
    commit = commit_all(tmp_path)
    assert source_commit() == commit
    (folder / "__init__.py").write_text("edited = True")
    assert source_commit() == f"{commit}-dirty"


def test_sources_without_history_have_the_commit_of_their_archive(home, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (home("src") / "source-commit.txt").write_text("0123456789ab")
    assert source_commit() == "0123456789ab"


@pytest.fixture
def hook(tmp_path, monkeypatch):
    """``hook("wheel")`` builds a project, and gives what the hook would put into it."""
    pytest.importorskip("hatchling")
    file = ROOT / "hatch_build.py"
    if not file.is_file():
        pytest.skip("the sources are not there")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    spec = importlib.util.spec_from_file_location("hatch_build", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    project = tmp_path / "project"
    for folder in ("src/samplebench", "plugins"):
        (project / folder).mkdir(parents=True)
    (project / "src" / "samplebench" / "__init__.py").write_text("")

    def hook(target: str, version: str = "standard") -> dict[str, str]:
        """The text of each file that is put in, by place."""
        built = {"force_include": {}}
        made = module.CommitHook(str(project), {}, None, None, str(tmp_path / "dist"), target)
        made.initialize(version, built)
        return {place: Path(file).read_text() for file, place in built["force_include"].items()}

    hook.project = project
    return hook


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("wheel", "samplebench/source-commit.txt"),
        ("sdist", "src/samplebench/source-commit.txt"),
    ],
)
def test_a_build_puts_the_commit_next_to_the_code(hook, target, place):
    commit = commit_all(hook.project)
    assert hook(target) == {place: commit}
    (hook.project / "src" / "samplebench" / "__init__.py").write_text("edited = True")
    assert hook(target) == {place: f"{commit}-dirty"}


def test_a_build_without_history_has_a_digest_of_the_sources(hook):
    [first] = hook("wheel").values()
    assert first.startswith("sources-")
    assert list(hook("wheel").values()) == [first]
    (hook.project / "plugins" / "another.py").write_text("edited = True")
    [second] = hook("wheel").values()
    assert second.startswith("sources-")
    assert second != first


def test_a_wheel_from_a_source_archive_keeps_the_commit_of_the_archive(hook):
    (hook.project / "src" / "samplebench" / "source-commit.txt").write_text("0123456789ab")
    assert hook("wheel") == {}


def test_an_editable_installation_has_none_of_its_own(hook):
    assert hook("wheel", version="editable") == {}
