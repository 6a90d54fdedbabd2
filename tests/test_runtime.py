"""The process-wide settings of `lstmkit.runtime`, seen from outside: in processes that have just begun."""

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
    """What a process sees that applies the settings, and one that does not."""
    begun = {
        name: subprocess.Popen(
            [sys.executable, "-c", SCRIPT.format(first=first)], stdout=subprocess.PIPE, text=True
        )
        for name, first in (("with", "from lstmkit.runtime import configure; configure()"), ("without", ""))
    }
    return {name: json.loads(process.communicate()[0]) for name, process in begun.items()}


def test_without_the_settings_subnormals_survive(found):
    assert (found["without"]["one"], found["without"]["many"]) == (1, 4_000_000)


def test_with_them_they_are_zero_in_every_thread(found):
    # that more than one thread multiplies is seen where only the first one flushes
    assert 0 < found["without"]["others"] < 4_000_000
    assert (found["with"]["one"], found["with"]["many"]) == (0, 0)


def test_freed_memory_is_used_again(found):
    """A tensor of 80 MB lies where an earlier one lay: almost none of its 19 531 pages is new."""
    assert not runtime.keep_freed_memory() or found["with"]["faults"] < 200


IMPORTED = """
import importlib, json, locale, logging, os, pkgutil, signal, sys, warnings
import captum.attr, IPython, ipywidgets, lightning, matplotlib, nbformat, numpy, pandas, papermill, plotly.tools
import sklearn, torch
import statsmodels.tsa.stattools  # libraries add filters for their own warnings

def settings():
    small = (torch.full((1,), 1e-30) * 1e-10).view(torch.int32).count_nonzero().item()
    return {
        "subnormals": small,
        "threads": [torch.get_num_threads(), torch.get_num_interop_threads()],
        "dtype": str(torch.get_default_dtype()),
        "random": [torch.initial_seed(), str(numpy.random.get_state()[1][:3])],
        "numpy": [numpy.geterr(), str(numpy.get_printoptions())],
        "pandas": pandas.options.mode.copy_on_write if hasattr(pandas.options.mode, "copy_on_write") else None,
        "matplotlib": [matplotlib.get_backend(), {key: str(value) for key, value in matplotlib.rcParams.items()}],
        "warnings": [str(each) for each in warnings.filters],
        "logging": [logging.root.level, len(logging.root.handlers), logging.getLogger("lightning.pytorch").level],
        "environment": dict(os.environ),
        "signals": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)],
        "locale": locale.setlocale(locale.LC_ALL),
        "path": sys.path,
        "folder": os.getcwd(),
        "sklearn": str(sklearn.get_config()),
    }

before = settings()
import lstmkit
modules = [each.name for each in pkgutil.walk_packages(lstmkit.__path__, "lstmkit.")]
for name in modules:
    if name != "lstmkit.__main__":
        importlib.import_module(name)
after = settings()
print(json.dumps([len(modules), [key for key in before if before[key] != after[key]]]))
"""


def test_importing_every_module_changes_no_setting_of_the_process():
    found = subprocess.check_output([sys.executable, "-c", IMPORTED], text=True, stderr=subprocess.DEVNULL)
    n_modules, changed = json.loads(found.splitlines()[-1])
    assert n_modules > 200
    assert changed == []


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
