"""Whether a model forecasts better than the best baseline: by how much, how surely, and where not."""

from typing import Any

from lstmkit.cautions import network_is_off, without_network_sentence
from lstmkit.run_results import RunResults
from lstmkit.standing import Standing, interval, standing
from lstmkit.wording import digits, escaped, signed

SURELY = {
    Standing.BETTER: "surely better",
    Standing.WORSE: "surely worse",
    Standing.OPEN: "not surely better",
}


def verdict(name: str, run: RunResults) -> str:
    """Whether a model's forecast is better than the best baseline, in Markdown, with the judgement in bold.

    Args:
        name: of what is judged, such as the model and its horizon, as Markdown.
        run: metrics, and what the sections kept; what is missing is left out.
    """
    metrics = run.metrics
    skill, unit = metrics["skill"]["all_steps"], metrics["unit"]
    best = skill["best_baseline"]
    judged = f"**{escaped(judgement(metrics))}** ({interval(skill, metrics['confidence'])})"
    figures = (
        f"RMSE {digits(metrics['rmse']['all_steps'])} {unit}, "
        f"{best} {digits(metrics['baselines'][best]['rmse']['all_steps'])} {unit}."
    )
    said = [figures, _seeds(metrics), _where(run), _without_network(metrics)]
    return f"{name}: {judged}: {escaped(' '.join(filter(None, said)))}"


def judgement(metrics: dict[str, Any]) -> str:
    """Where the model stands, in a few words; better and worse only where the interval excludes zero.

    Args:
        metrics: of `Evaluation.to_json`.
    """
    skill = metrics["skill"]["all_steps"]
    best, value = skill["best_baseline"], signed(100 * skill["value"])
    return {
        Standing.BETTER: f"better than every baseline, by {value.lstrip('+')} %",
        Standing.WORSE: f"worse than {best}, by {value.lstrip('−')} %",
        Standing.OPEN: f"{'not surely' if skill['value'] > 0 else 'no'} better than {best}, {value} %",
        Standing.UNKNOWN: f"not known to be better than {best}, {value} %",
    }[standing(skill)]


def _seeds(metrics: dict[str, Any]) -> str:
    """How far the seeds differ, and whether the mean of their forecasts is better."""
    skills = [seed["skill"]["all_steps"] for seed in metrics.get("seeds", ())]
    if len(skills) < 2:
        return "One seed: how far others would differ is not known."
    text = f"{len(skills)} seeds: {spread([skill['value'] for skill in skills])}{_agreement(skills)}"
    if "ensemble" not in metrics:
        return f"{text}."
    together = metrics["ensemble"]["skill"]["all_steps"]
    surely = f", {SURELY[standing(together)]}" if standing(together) in SURELY else ""
    return f"{text}; together {signed(100 * together['value'])} %{surely}."


def spread(skills: list[float]) -> str:
    """From the least to the greatest of some skills, for example `+1.0 to +2.3 %`.

    Args:
        skills: 1 is a forecast without error.
    """
    low, high = (signed(100 * end(skills)) for end in (min, max))
    return f"{low} %" if low == high else f"{low} to {high} %"


def _agreement(skills: list[dict[str, Any]]) -> str:
    found = [standing(skill) for skill in skills]
    if Standing.UNKNOWN in found:
        return ""
    for same in SURELY:
        if found.count(same) == len(found):
            return ", none surely better" if same is Standing.OPEN else f", all {SURELY[same]}"
    return "".join(
        f", {found.count(same)} {SURELY[same]}" for same in (Standing.BETTER, Standing.WORSE) if same in found
    )


def _where(run: RunResults) -> str:
    """At how many steps ahead the model is surely better, and whether the last one differs from all together."""
    metrics, parts = run.metrics, []
    steps = run.room("predictions").get("steps", {})
    if steps.get("steps_surely_ahead") is not None and steps["steps"] > 1:
        surely, of_all = steps["steps_surely_ahead"], steps["steps"]
        where = {0: "no step", of_all: "every step"}.get(surely, f"{surely} of {of_all:,} steps")
        parts.append(f"Surely better at {where} ahead.")
    last = metrics["skill"].get("last_step")
    if last is not None and standing(last) is not standing(metrics["skill"]["all_steps"]):
        parts.append(
            f"At the last step alone {SURELY[standing(last)]} than {last['best_baseline']} "
            f"({signed(100 * last['value'])} %)."
        )
    return " ".join(parts)


def _without_network(metrics: dict[str, Any]) -> str | None:
    if network_is_off(metrics):
        return f"Its network is switched off: the forecast is that of {metrics['network']['rule']} alone."
    return without_network_sentence(metrics)
