"""What is forecast: targets by name and by position."""

from dataclasses import replace

import numpy as np
import pytest

from lstmkit.data.grid import make_dataset
from lstmkit.data.task import Task
from lstmkit.errors import LstmkitError
from tests.series import dataset_of

BOTH = Task(("co2", "temperature"), ("ppm", "degC"), 3)


@pytest.mark.parametrize(("target", "position"), [("co2", 0), ("temperature", 1), (0, 0), (1, 1)])
def test_a_target_is_found_by_name_and_by_position(target, position):
    assert BOTH.position(target) == position
    assert len(BOTH) == 2


@pytest.mark.parametrize("target", ["humidity", "", "Co2", 2, -1, 17])
@pytest.mark.parametrize("ask", [Task.position, Task.only])
def test_a_target_that_there_is_not_is_named_with_those_that_there_are(ask, target):
    with pytest.raises(LstmkitError) as error:
        ask(BOTH, target)
    assert str(error.value) == f"there is no target {target!r}; there are co2, temperature"


@pytest.mark.parametrize("target", ["temperature", 1])
def test_a_task_of_one_of_the_targets(target):
    task = replace(BOTH, kind="classes", target_known=False)
    assert task.only(target) == Task(("temperature",), ("degC",), 3, "classes", target_known=False)
    assert task.only(target).position("temperature") == 0
    with pytest.raises(LstmkitError, match=r"no target 'co2'; there are temperature$"):
        task.only(target).position("co2")


def test_the_task_of_a_dataset():
    dataset = dataset_of({name: np.arange(9.0) for name in ("co2", "temperature", "load")})
    assert dataset.task(2) == Task(("co2",), ("ppm",), 2)
    several = replace(dataset, targets=("load", "temperature"))
    assert several.target == "load"
    assert several.task(5) == Task(("load", "temperature"), ("", "degC"), 5)  # the load's unit is not known


@pytest.mark.parametrize(
    ("target", "targets"), [("co2", ("co2",)), (("temperature", "co2"), ("temperature", "co2"))]
)
def test_a_dataset_is_made_with_one_target_or_several(target, targets):
    frame = dataset_of({"co2": np.arange(9.0), "temperature": np.arange(9.0)}).frame
    made = make_dataset("Hand", frame, target=target, interval="1h", site_timezone="UTC", units={})
    assert (made.targets, made.target) == (targets, targets[0])
