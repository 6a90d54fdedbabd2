"""The settings that importing lstmkit makes, seen from outside: in processes that have just begun."""

import json
import subprocess
import sys

import pytest
import torch

from lstmkit import runtime

# 1e-30 · 1e-10 is subnormal in float32. Its bits are counted, for a comparison would flush it too.
SCRIPT = """
import json, resource, sys
import torch
{first}
torch.set_num_threads(2)
many, one = torch.full((4_000_000,), 1e-30), torch.full((1,), 1e-30)

def survivors(values):
    return (values * 1e-10).view(torch.int32).count_nonzero().item()

found = {{"one": survivors(one), "many": survivors(many)}}
torch.set_flush_denormal(True)  # in this thread alone, now that the others have begun
found["others"] = survivors(many)

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(20_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

found["faults"] = min(faults() for _ in range(6))  # the first ones may have to find a place
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found():
    """What a process sees that imports lstmkit, and one that does not."""
    begun = {
        name: subprocess.Popen(
            [sys.executable, "-c", SCRIPT.format(first=first)], stdout=subprocess.PIPE, text=True
        )
        for name, first in (("with", "import lstmkit.models"), ("without", ""))
    }
    return {name: json.loads(process.communicate()[0]) for name, process in begun.items()}


def test_without_lstmkit_subnormals_survive(found):
    assert (found["without"]["one"], found["without"]["many"]) == (1, 4_000_000)


def test_with_lstmkit_they_are_zero_in_every_thread(found):
    # that more than one thread multiplies is seen where only the first one flushes
    assert 0 < found["without"]["others"] < 4_000_000
    assert (found["with"]["one"], found["with"]["many"]) == (0, 0)


def test_freed_memory_is_used_again(found):
    """A tensor of 80 MB lies where an earlier one lay: almost none of its 19 531 pages is new."""
    assert not runtime.keep_freed_memory() or found["with"]["faults"] < 200


@pytest.mark.parametrize("floor", ["data", "internals", "models", "training", "analysis", "study"])
def test_every_floor_that_makes_tensors_applies_the_settings(floor):
    script = f"import sys; from lstmkit import {floor}; print('lstmkit.runtime' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "True"


def test_what_needs_no_tensor_does_not_wait_for_torch():
    script = "import sys, lstmkit.report.index, lstmkit.report.workflow; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "False"


def test_bfloat16_is_found_where_pytorch_finds_it():
    cpu = torch.cpu
    expected = cpu._is_avx512_bf16_supported() or cpu._is_amx_tile_supported()
    assert runtime.computes_in_bfloat16(torch.device("cpu")) == expected


def test_configuring_twice_does_no_harm():
    runtime.configure()
    assert runtime.flush_subnormals()
