"""Whether a model forecasts better than the best baseline: by how much, how surely, and where not."""

from lstmkit.analysis.errors.metrics import Metrics, SkillMetrics
from lstmkit.findings.cautions import network_is_off, without_network_sentence
from lstmkit.findings.run_results import RunResults
from lstmkit.findings.standing import Standing, interval, standing
from lstmkit.wording import digits, escaped, feature_label, signed

SURELY = {Standing.BETTER: "surely better", Standing.WORSE: "surely worse"}


def verdict(name: str, run: RunResults) -> str:
    """Whether a model's forecast is better than the best baseline, in Markdown, with the judgement in bold.

    Args:
        name: of what is judged, such as the model and its horizon, as Markdown.
        run: metrics, and what the sections kept; what is missing is left out.
    """
    metrics = run.metrics
    sure = "; ".join(
        [
            interval(metrics["skill"]["all_steps"], metrics["confidence"], metrics.get("block", "day")),
            *_seeds(metrics),
        ]
    )
    said = [_errors(metrics), _where(run)]
    return f"{name}: **{escaped(judgement(metrics))}** ({sure}). {escaped(' '.join(filter(None, said)))}"


def judgement(metrics: Metrics) -> str:
    """Where the model stands, in a few words; better and worse only where the interval excludes zero.

    Args:
        metrics: of `Evaluation.to_json`.
    """
    skill = metrics["skill"]["all_steps"]
    best, value = skill["best_baseline"], signed(100 * skill["value"])
    return {
        Standing.BETTER: f"better than every baseline, by {value.lstrip('+')} %",
        Standing.WORSE: f"worse than {best}, {value} %",
        Standing.OPEN: f"{'not surely' if skill['value'] > 0 else 'no'} better than {best}, {value} %",
        Standing.UNKNOWN: f"not known to be better than {best}, {value} %",
    }[standing(skill)]


def _seeds(metrics: Metrics) -> list[str]:
    """How far the seeds differ, and the skill of the mean of their forecasts."""
    skills = [seed["skill"]["all_steps"] for seed in metrics.get("seeds", ())]
    if len(skills) < 2:
        return ["one seed"]
    shared, found = metrics.get("shared_windows"), spread([skill["value"] for skill in skills])
    where = "" if shared is None or shared == metrics["test_windows"] else f", on {shared:,} windows,"
    said = [f"{len(skills)} seeds{where} {found}{_agreement(skills)}"]
    if "ensemble" in metrics:
        together = metrics["ensemble"]["skill"]["all_steps"]
        surely = f", {_surely(together)}" if standing(together) is not standing(skills[0]) else ""
        said.append(f"together {signed(100 * together['value'])} %{surely}")
    return said


def spread(skills: list[float]) -> str:
    """From the least to the greatest of some skills, for example `+1.0 to +2.3 %`.

    Args:
        skills: 1 is a forecast without error.
    """
    low, high = (signed(100 * end(skills)) for end in (min, max))
    return f"{low} %" if low == high else f"{low} to {high} %"


def _surely(skill: SkillMetrics) -> str:
    """How sure it is that the model is better, or that it is worse where its error is larger."""
    unsure = "not surely better" if skill["value"] > 0 else "not surely worse"
    return SURELY.get(standing(skill), unsure)


def _agreement(skills: list[SkillMetrics]) -> str:
    """How many seeds are surely better or worse, where they are not alike."""
    found = [standing(skill) for skill in skills]
    if len({*found}) == 1:
        return ""
    return "".join(f", {found.count(same)} {surely}" for same, surely in SURELY.items() if same in found)


def _errors(metrics: Metrics) -> str:
    """The model's error beside that of the best baseline, and of the forecast without its network."""
    unit, best = metrics["unit"], metrics["skill"]["all_steps"]["best_baseline"]
    own, other = (digits(rmse["rmse"]["all_steps"]) for rmse in (metrics, metrics["baselines"][best]))
    text = f"RMSE {own} {unit}, {best} {other} {unit}."
    if network_is_off(metrics):
        return (
            f"{text} Its network is switched off: the forecast is that of {metrics['network']['rule']} alone."
        )
    return " ".join(filter(None, [text, without_network_sentence(metrics)]))


def _where(run: RunResults) -> str:
    """At how many steps ahead the model is surely better, and whether it is at the last."""
    metrics = run.metrics
    last = metrics["skill"].get("last_step")
    steps = run.facts_of("predictions").get("steps", {})
    if steps.get("steps_surely_ahead") is not None and steps["steps"] > 1:
        surely, of_all = steps["steps_surely_ahead"], steps["steps"]
        if surely in (0, of_all):
            return f"Surely better at {'every' if surely else 'no'} step ahead."
        at_last = (
            "" if last is None else f", {'also' if standing(last) is Standing.BETTER else 'not'} at the last"
        )
        return f"Surely better at {surely} of {of_all:,} steps ahead{at_last}."
    if last is None or standing(last) is standing(metrics["skill"]["all_steps"]):
        return ""
    return f"At the last step {_surely(last)} than {last['best_baseline']} ({signed(100 * last['value'])} %)."


def of_several(metrics: Metrics) -> str:
    """Which of several targets some metrics are of; empty where there is one alone.

    Args:
        metrics: of `metrics_of`.
    """
    return f"The target is {feature_label(metrics['target'])}." if "target" in metrics else ""
