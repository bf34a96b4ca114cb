"""Files that describe clusters: what is asked, what is so, what to do."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from samplebench.errors import UsageError
from samplebench.pipeline.running.on_dask.cluster_file import ClusterFile, read_cluster

pytest.importorskip("distributed")

from samplebench.pipeline.running.on_dask.cluster import open_cluster, start_cluster
from samplebench.pipeline.running.on_dask.cluster_file import ClusterRequest

LOCAL = """
[cluster]
class = "dask.distributed.LocalCluster"
{scale}

[cluster.arguments]
n_workers = 0
threads_per_worker = 1
processes = false
dashboard_address = ":0"
"""

SLURM = """
[cluster]
class = "dask_jobqueue.SLURMCluster"

[cluster.arguments]
queue = "gpu"
cores = 4
processes = 4
memory = "16GB"
walltime = "04:00:00"
job_extra_directives = ["--gres=gpu:4"]
worker_extra_args = ["--resources GPU=1"]
interface = "lo"
scheduler_options = { dashboard_address = ":0" }
"""


@pytest.fixture
def read(tmp_path):
    def read(text):
        (tmp_path / "cluster.toml").write_text(text)
        return read_cluster(tmp_path / "cluster.toml")

    return read


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cluster = ", "is no TOML"),
        ("", "has no table [cluster]"),
        ("[cluster]\nworkers = 1", "[cluster] has no class; there are: dask.distributed"),
        ("[cluster]\nclass = 'os.system'", "class is 'os.system'; there are"),
        (
            "[cluster]\nclass = 'dask_jobqueue.SlurmCluster'",
            "Did you mean 'dask_jobqueue.SLURMCluster'?",
        ),
        ("[cluster]\nclass = ['a']", "class is"),
        ("[clusters]", "key 'clusters', which means nothing; allowed: cluster"),
        (
            LOCAL.format(scale="queue = 'gpu'"),
            "key 'queue', which means nothing; allowed: class, workers",
        ),
        (LOCAL.format(scale="workers = 0"), "workers is a whole number of at least 1, not 0"),
        (LOCAL.format(scale="workers = true"), "workers is a whole number of at least 1, not"),
        (LOCAL.format(scale="workers = 1\njobs = 2"), "give workers or jobs, not both"),
        ("[cluster]\nclass='dask_cuda.LocalCUDACluster'\narguments = 3", "arguments is a table"),
    ],
)
def test_a_file_that_describes_no_cluster_is_refused_in_a_sentence(read, text, reason):
    with pytest.raises(UsageError) as refusal:
        read(text)
    assert reason in str(refusal.value)
    assert str(refusal.value).startswith("--dask-config ")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="there is no such file"):
        read_cluster(tmp_path / "none.toml")


def test_a_cluster_of_slurm_submits_the_job_of_its_file(read):
    pytest.importorskip("dask_jobqueue")
    cluster = start_cluster(read(SLURM))
    try:
        script = cluster.job_script()
    finally:
        cluster.close()
    assert "#SBATCH -p gpu" in script
    assert "#SBATCH --gres=gpu:4" in script
    assert "#SBATCH -t 04:00:00" in script
    assert "--nworkers 4" in script
    assert "--resources GPU=1" in script


def test_a_cluster_of_a_file_starts_with_so_many_workers_and_ends(read):
    cluster = open_cluster(ClusterRequest(file=read(LOCAL.format(scale="workers = 2"))))
    client = cluster.connect()
    client.wait_for_workers(2, timeout=60)
    scheduler = client.scheduler.address
    client.close()
    cluster.close()
    with pytest.raises(UsageError, match="no scheduler answers there"):
        open_cluster(ClusterRequest(scheduler))


def test_a_cluster_that_does_not_start_is_a_sentence(monkeypatch):
    def refuse(**arguments):
        raise ValueError(f"no {arguments['cores']} cores")

    monkeypatch.setattr("dask.distributed.LocalCluster", refuse)
    file = ClusterFile("dask.distributed.LocalCluster", {}, {"cores": 9})
    with pytest.raises(UsageError, match=r"does not start \(ValueError: no 9 cores\)"):
        start_cluster(file)


def test_a_package_that_is_missing_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "dask_cuda", None)
    with pytest.raises(UsageError, match="pip install dask-cuda"):
        start_cluster(ClusterFile("dask_cuda.LocalCUDACluster"))


def test_the_files_in_the_page_describe_clusters(read):
    page = (Path(__file__).parents[5] / "docs" / "cluster.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    kinds = [read(block).kind for block in blocks]
    assert kinds.count("dask_jobqueue.SLURMCluster") == 2
    assert "dask_kubernetes.operator.KubeCluster" in kinds
    pytest.importorskip("dask_jobqueue")
    for block in blocks[:2]:
        local = 'interface = "lo"\nscheduler_options = { dashboard_address = ":0" }'
        cluster = start_cluster(replace(read(f"{block}\n{local}"), scale={}))
        script = cluster.job_script()
        cluster.close()
        assert "#SBATCH" in script
    assert "--resources GPU=1" in script
