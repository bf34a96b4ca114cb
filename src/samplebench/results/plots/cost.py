"""Quality against fit time: what does a better sampler cost?"""

from collections.abc import Sequence

from samplebench.missing import Missing
from samplebench.results.marking import list_machines
from samplebench.results.plots.chart import Chart
from samplebench.results.plots.rows import choose_columns, quality_columns
from samplebench.results.plots.scatter import Pair, Scatter
from samplebench.results.ranking import Ranking


def plan_cost(suite: str, ranking: Ranking, columns: Sequence[str] = ()) -> Chart | Missing:
    """Plot the first score of quality against the first cost in seconds, which is that of the fit.

    Args:
        columns: titles of other scores, of quality, of costs or both.
    """
    quality = quality_columns(ranking)
    costs = [place for place, column in enumerate(ranking.columns) if column.subject == "cost"]
    times = [place for place in costs if ranking.columns[place].unit == "s"]
    if not times:
        return Missing("needs a cost in seconds, such as the time of the fit, and no row has one")
    if not quality:
        return Missing("needs a score of generated samples, such as FD, and no row has one")
    pairs = tuple(
        Pair(x, y, {})
        for y in choose_columns(ranking, columns, quality, quality[:1])
        for x in choose_columns(ranking, columns, costs, times[:1])
    )
    title = "quality against cost" if len(pairs) > 1 else "quality against fit time"
    chart = Scatter("cost", title, _explain_machines(ranking), suite, ranking, pairs).make()
    return chart or Missing("needs rows with a score of quality and a cost; none has both")


def _explain_machines(ranking: Ranking) -> str:
    machines = len(list_machines(ranking.measured))
    if machines > 1:
        return f"Costs were measured on {machines} machines and cannot be compared."
    return "Costs were measured on one machine."
