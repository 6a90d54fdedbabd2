"""The controls with which a reader chooses what to see of a window."""

from ipywidgets import Dropdown, IntSlider, Layout

from lstmkit.analysis.attribution.methods import METHODS
from lstmkit.explore.views import WindowViews
from lstmkit.internals.input_baselines import CENTRE, WINDOW_MEAN

MEAN = 0  # a dropdown has no option None
WIDE = {"description_width": "initial"}
FIRST_METHOD = "gradient_x_input"  # the quickest in the unit of the target
BASELINES = {"training centre": CENTRE, "the window's own mean": WINDOW_MEAN}


def window_slider(views: WindowViews) -> IntSlider:
    """All test windows in order of time; the first one shown is that with the largest error.

    Args:
        views: of a study.
    """
    return IntSlider(
        value=views.curve.worst,
        max=len(views.windows) - 1,
        description="Window",
        continuous_update=False,
        readout=False,
        layout=Layout(flex="1 1 300px"),
    )


def method_choice(views: WindowViews) -> Dropdown:
    """The methods of attribution that the model allows.

    Args:
        views: of a study.
    """
    has_relu = views.study.attributor.has_relu
    allowed = [(m.title, name) for name, m in METHODS.items() if has_relu or name != "guided_backprop"]
    return Dropdown(options=allowed, value=FIRST_METHOD, description="Attribution", style=WIDE)


def step_choice(views: WindowViews) -> Dropdown:
    """The mean over the horizon and every step ahead; the first one shown is what the study explains.

    Args:
        views: of a study.
    """
    label, params = views.study.dataset.calendar.label, views.study.params.attribution
    steps = range(1, views.windows.horizon + 1)
    options = [("mean over the horizon", MEAN), *((f"step {step} ({label(step)})", step) for step in steps)]
    return Dropdown(options=options, value=params.target_step or MEAN, description="of", style=WIDE)


def baseline_choice() -> Dropdown:
    """What a method that compares compares the window with."""
    return Dropdown(options=BASELINES, description="compared with", style=WIDE)


def part_choice(views: WindowViews) -> Dropdown:
    """The layers and directions of the model's LSTMs.

    Args:
        views: of a study.
    """
    return Dropdown(options=views.gates.parts, description="Gates of", style=WIDE)
