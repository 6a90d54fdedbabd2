"""How good the forecasts are, in sentences."""

from lstmkit.analysis.errors.compared import RANGES
from lstmkit.analysis.errors.skill import Evaluation
from lstmkit.wording import count, digits, signed


def evaluation_caption(evaluation: Evaluation) -> str:
    """On what the forecasters are compared.

    Args:
        evaluation: of the test part.
    """
    days = count(evaluation.n_days, evaluation.calendar.block)
    return f"RMSE on {evaluation.n_windows:,} test windows of {days}; skill with its interval."


def evaluation_finding(evaluation: Evaluation) -> str:
    """Whether the model beats every baseline, with the figures, and how far its seeds differ.

    Args:
        evaluation: of the test part.
    """
    against = [_against_the_best(evaluation, name) for name in RANGES]
    return " ".join([*against, *_seeds(evaluation), *_without_network(evaluation)])


def _against_the_best(evaluation: Evaluation, steps: str) -> str:
    skill = evaluation.skill[steps]
    rmse = evaluation.metrics[steps, "rmse"]
    where = "Over all steps" if steps == "all_steps" else "At the last step"
    model, best = digits(rmse[evaluation.model]), f"{digits(rmse[skill.best_baseline])} {evaluation.unit}"
    value = signed(100 * skill.value)
    if skill.interval is None:
        verdict, interval = (
            f"is compared on too few {evaluation.calendar.block}s to be told from the best baseline",
            "no interval",
        )
    else:
        low, high = skill.interval
        ends = f"{signed(100 * low)} to {signed(100 * high)} %"
        interval = f"{100 * evaluation.confidence:.0f} % interval {ends}"
        verdict = "beats every baseline" if low > 0 else "is worse than the best baseline"
        if skill.is_open:
            verdict = "cannot be told from the best baseline"
    return (
        f"{where} the model {verdict}: RMSE {model} against {best} for {skill.best_baseline}, "
        f"a skill of {value} % ({interval})."
    )


def _seeds(evaluation: Evaluation) -> list[str]:
    if evaluation.ensemble is None:
        return []
    rmse = [digits(each.metrics["all_steps", "rmse"]) for each in evaluation.seeds.values()]
    together, skill = evaluation.ensemble.metrics["all_steps", "rmse"], evaluation.ensemble.skill["all_steps"]
    interval = ""
    if skill.interval is not None:
        low, high = skill.interval
        interval = f", interval {signed(100 * low)} to {signed(100 * high)} %"
    some = (
        ""
        if evaluation.n_shared == evaluation.n_windows
        else f" of {evaluation.n_shared:,} test windows, spread evenly over time"
    )
    return [
        f"Trained from {count(len(rmse), 'seed')}, it reaches {', '.join(rmse)} {evaluation.unit} over all steps{some}"
        f"; the mean of their forecasts reaches {digits(together)} {evaluation.unit} (skill "
        f"{signed(100 * skill.value)} %{interval})."
    ]


def _without_network(evaluation: Evaluation) -> list[str]:
    network, worse = evaluation.network, evaluation.worse_without_network
    if network is None or worse is None:
        return []
    return [
        f"Without its network, {network.rule} alone reaches {digits(network.without['all_steps'])} {evaluation.unit} "
        f"over all steps, {signed(100 * worse)} %."
    ]
