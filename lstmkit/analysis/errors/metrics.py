"""What `metrics.json` holds: the metrics of a model, of its seeds and of the baselines, and the model's skill."""

from typing import NotRequired, TypedDict


class ByRange(TypedDict):
    """One metric over all steps and at the last one."""

    all_steps: float
    last_step: float


class WhereDefined(TypedDict):
    """The same of a metric that is not defined for every series."""

    all_steps: float | None
    last_step: float | None


class MetricsByName(TypedDict):
    """The metrics of one forecaster, RMSE and MAE in the target's unit, MAPE in percent."""

    rmse: ByRange
    mae: ByRange
    r2: WhereDefined
    mape: WhereDefined


class SkillMetrics(TypedDict):
    """1 − RMSE / RMSE of the best baseline, with its interval; the ends are None where there are too few days."""

    value: float
    low: float | None
    high: float | None
    best_baseline: str


class SkillByRange(TypedDict):
    """The skill over all steps and at the last one."""

    all_steps: SkillMetrics
    last_step: SkillMetrics


class ScoredMetrics(MetricsByName):
    """Metrics and skill of one network, or of several together."""

    skill: SkillByRange


class SeedMetrics(ScoredMetrics):
    """Metrics and skill of the network that was trained from one seed."""

    seed: int


class NetworkMetrics(TypedDict):
    """What the network adds to the residual baseline."""

    rule: str  # the residual baseline in words
    gain: float  # by which the network's outputs were multiplied after training
    spread: float  # standard deviation of what it adds, in the target's unit
    without: ByRange  # RMSE of the residual baseline alone, in the target's unit


class ClassMetrics(TypedDict):
    """How good forecasts of all classes together are, over all steps."""

    accuracy: float
    log_loss: float
    brier: float


class Metrics(ScoredMetrics):
    """The content of `metrics.json`; metrics and skill are those of the network that is explained."""

    baselines: dict[str, MetricsByName]
    seeds: list[SeedMetrics]
    ensemble: NotRequired[ScoredMetrics]  # of the mean of the seeds' forecasts, where there are several
    network: NotRequired[NetworkMetrics]  # where the residual baseline is known
    target: NotRequired[str]  # that is explained, and whose all of this is, where there are several
    targets: NotRequired[dict[str, "Metrics"]]  # the same of the other targets
    classes: NotRequired[dict[str, ClassMetrics]]  # by forecaster, where classes are forecast
    unit: str
    test_windows: int
    shared_windows: int
    test_days: int
    validation_days: int
    confidence: float
