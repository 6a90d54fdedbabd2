"""How active and how sparse the filters are, in sentences."""

from lstmkit.analysis.filters.activity import NEAR_ZERO, RARELY, FilterActivity, LayerActivity
from lstmkit.wording import count


def activity_caption(activity: FilterActivity) -> str:
    """What was averaged.

    Args:
        activity: of all layers.
    """
    return (
        f"Activation of each filter after its ReLU, over all steps of {activity.n_windows:,} test windows spread "
        f"evenly over time. Near zero is at most {NEAR_ZERO}."
    )


def activity_finding(activity: FilterActivity) -> str:
    """Sparsity and extremes of every layer.

    Args:
        activity: of all layers.
    """
    return " ".join(layer_activity_finding(layer) for layer in activity.layers)


def layer_activity_finding(layer: LayerActivity) -> str:
    """How sparse a layer is, and its most and least active filter.

    Args:
        layer: its activity.
    """
    most, least = layer.order[[0, -1]]
    return (
        f"In {layer.layer} a filter is at zero for {layer.zero.mean():.0f} % of the steps and at most {NEAR_ZERO} "
        f"for {layer.near_zero.mean():.0f} %, on average over {count(len(layer.mean), 'filter')}. Most active is "
        f"filter {most} (mean {layer.mean[most]:.2g}, at zero for {layer.zero[most]:.0f} %), least active filter "
        f"{least} (mean {layer.mean[least]:.2g}, at zero for {layer.zero[least]:.0f} %). {_switching(layer)}"
    )


def _switching(layer: LayerActivity) -> str:
    rare, linear = int(layer.rare.sum()), int(layer.linear.sum())
    if not rare and not linear:
        return f"Every one of them fires at {100 - RARELY} % of the steps or more and is at zero for some."
    said = f"{rare} of them {'fires' if rare == 1 else 'fire'} at fewer than {100 - RARELY} % of the steps"
    if not linear:
        return f"{said}, and every one is at zero for some."
    return f"{said}, and {linear} {'is' if linear == 1 else 'are'} never at zero, so that the ReLU does nothing there."
