"""What a page says of the network: what it saw of the series, and how far its gradient reached."""

from __future__ import annotations

import numpy as np

from elman.data.names import series_name
from elman.forecast.forecaster import Forecaster
from elman.forecast.seen import network_inputs, network_view, reading_layer
from elman.insight.charts import flow_chart
from elman.insight.flow import flow_of_outputs
from elman.plots.page import Axis, Chart, Line, Section

ROWS, STEPS = 4, 120  # whose gradients are looked at: a quarter of a second
MOST_STATES = 256  # of which Jacobians are looked at
SEEN = 300  # steps of the picture, at first


def network_saw(forecaster: Forecaster) -> Section:
    """The first series as the network reads it."""
    z, words = network_view(forecaster, 0)
    name = series_name(forecaster.fitted_basis.collection.names[0])
    steps = np.arange(1, len(z) + 1)
    x = Axis("step of the series", whole=True, start=len(z) - SEEN if len(z) > 1.5 * SEEN else None)
    chart = Chart("", [Line("", steps, z)], x, Axis("what the network reads"))
    more = "how far the series is from smoothed levels, and its slopes"
    if forecaster.family is not None and forecaster.family.demand:
        more = "smoothed levels, and how often there is any demand"
    text = f"Of {name}: {words}. Beside it the network reads {more}."
    return Section("What the network saw", text, charts=[chart])


def gradient_reached(forecaster: Forecaster) -> Section:
    """How far back what the network forecasts at the end depends on its states."""
    title, net = "How far its gradient reached", forecaster.networks_[0]
    if forecaster.units > MOST_STATES:
        return Section(
            title, f"Not computed: {forecaster.units} units; gradients are followed for up to {MOST_STATES}."
        )
    x = network_inputs(forecaster, ROWS, STEPS)
    if x["series"].shape[1] < 2:
        return Section(title, "Not computed: the series has one value.")
    flow = flow_of_outputs(net, x, reading_layer(net))
    text = (
        f"Of the forecast at the end, through the layer {reading_layer(net)}, over the last {len(flow.norms)} steps: "
        f"{flow.found.short}; it reaches back {flow.horizon} steps."
    )
    return Section(title, text, charts=[flow_chart(flow)], numbers={"norms": flow.norms, "horizon": flow.horizon})
