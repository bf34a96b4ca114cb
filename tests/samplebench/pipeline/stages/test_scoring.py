"""Scores: what a metric declared reaches it, and what it did not declare does not."""


def test_a_metric_reads_training_samples_and_labels(bench):
    bench.run(metrics=["classes"], samplers=[], seeds=[0], counts={"generated": 20, "train": 50})
    (record,) = bench.records().values()
    stripes = record.scores[0]
    dataset = bench.plan(seeds=[0]).cells[0].cell.dataset.build(bench.site.data_dir)
    train = dataset.train()
    same = train.labels[:50] == train.labels[0]
    assert stripes.value == float(same.sum() + train.samples[:50][same].min() / 256)


def test_without_labels_a_metric_that_needs_them_says_so_once_and_for_all(bench):
    asked = {"datasets": ["unlabelled"], "metrics": ["classes", "error"], "seeds": [0]}
    bench.run(samplers=[], **asked)
    (record,) = bench.records().values()
    assert record.status == "measured"
    assert {score.title: score.problem for score in record.scores} == {
        "classes": "needs labels, and this dataset has none",
        "error": None,
    }
    assert bench.run(samplers=[], **asked).measured == 0


def test_reading_what_was_not_declared_is_a_problem_that_names_the_need(bench):
    bench.run(metrics=["undeclared", "error"], samplers=[], seeds=[0])
    (record,) = bench.records().values()
    problems = {score.title: score.problem for score in record.scores}
    assert record.status == "incomplete"
    assert "reads evidence.generated and does not declare it" in problems["undeclared"]
    assert "add Need.GENERATED to its `needs`" in problems["undeclared"]
    assert problems["error"] is None
