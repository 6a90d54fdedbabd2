"""How good the forecasts are, in sentences."""

import pandas as pd

from lstmkit.analysis.errors.class_scores import LEAST
from lstmkit.analysis.errors.compared import RANGES
from lstmkit.analysis.errors.skill import Evaluation
from lstmkit.findings.standing import Standing, interval, standing
from lstmkit.wording import count, digits, feature_label, signed, whole_percent


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


def targets_finding(evaluations: dict[str, Evaluation]) -> str:
    """How good the forecasts of each target are over all steps; empty where there is one alone.

    Args:
        evaluations: by target, the explained one first.
    """
    if len(evaluations) == 1:
        return ""
    return " ".join(
        f"{feature_label(target)}: RMSE {digits(each.metrics['all_steps', 'rmse'][each.model])} {each.unit}, "
        f"skill {signed(100 * each.skill['all_steps'].value)} % against {each.skill['all_steps'].best_baseline}."
        for target, each in evaluations.items()
    )


def class_finding(scores: pd.DataFrame) -> str:
    """How good the forecasts of all classes together are, beside the best baseline by each score.

    Args:
        scores: from `class_scores`, the model first.
    """
    own, others = scores.iloc[0], scores.iloc[1:]
    best = {"accuracy": others["accuracy"].idxmax()} | others[["log_loss", "brier"]].idxmin().to_dict()
    right, beside = (whole_percent(each) for each in (own["accuracy"], others["accuracy"].max()))
    log_loss, brier = (
        f"{digits(own[key])} ({best[key]} {digits(others.loc[best[key], key])})"
        for key in ("log_loss", "brier")
    )
    return (
        f"The most probable class is right in {right} of the forecasts ({best['accuracy']} {beside}). The log loss is "
        f"{log_loss}, the Brier score {brier}; in both, no class is given less than {100 * LEAST:.0f} %."
    )


def _against_the_best(evaluation: Evaluation, steps: str) -> str:
    skill, block = evaluation.skill[steps], evaluation.calendar.block
    rmse = evaluation.metrics[steps, "rmse"]
    where = "Over all steps" if steps == "all_steps" else "At the last step"
    model, best = digits(rmse[evaluation.model]), f"{digits(rmse[skill.best_baseline])} {evaluation.unit}"
    known = "no interval" if skill.interval is None else interval(skill.to_json(), evaluation.confidence)
    verdict = {
        Standing.BETTER: "beats every baseline",
        Standing.WORSE: "is worse than the best baseline",
        Standing.OPEN: "does not differ clearly from the best baseline",
        Standing.UNKNOWN: f"is compared with the best baseline on too few {block}s for a verdict",
    }[standing(skill.to_json())]
    return (
        f"{where} the model {verdict}: RMSE {model} against {best} for {skill.best_baseline}, "
        f"a skill of {signed(100 * skill.value)} % ({known})."
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
