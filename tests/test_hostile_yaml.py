"""A study's file that is no study is refused at once, in one line that names the file and what would be right."""

import copy
import math
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from lstmkit.errors import LstmkitError
from lstmkit.params import StudyParams, load_params

ROOT = Path(__file__).parent.parent
STUDIES = sorted((ROOT / "params").glob("*.yml"))
SMALLEST = "title: Smallest\ndata: {source: simulated}\nhorizons: [12]\nmodels: {lstm: {kind: lstm}}\n"
EVERY_BLOCK = """\
title: Every block
description: "Two words"
seed: 3
data:
  source: [a.csv, 'logger/*.csv.gz']
  site_timezone: Europe/Berlin
  interval: 10min
  target: [gas, air]
  explained: air
  target_known: false
  time: {column: [Date, Time], format: '%d.%m.%Y %H:%M', timezone: Etc/GMT-1}
  missing: [-9999, '?']
  columns:
    gas: {column: CO, unit: mg/m3, range: [0, 50.5], missing: none, where: {station: 3}}
    air: {column: T, unit: degC, quantity: air_temperature}
    valve: {column: V, classes: [open, shut, 2]}
  read: {separator: ';', decimal: ',', encoding: cp1252, skip_lines: [1, 3], comment: '#', header: false,
         names: [Date, Time, CO, T, station], where: {station: Aarhus}}
variant: raw
split: {train: 0.5, validation: 0.2}
windows: {lookback: 144, scaling: standard, residual: climatology}
groups: {labels: [a, b, c], edges: [1, 2.5]}
horizons: [6, 36]
models:
  small: {kind: lstm, hidden: 16, layers: 1, dropout: 0}
  wide: {kind: cnn_lstm, channels: [8, 8], kernels: [3, 3], pool: 4, hidden: 16, layers: 1, head: 8, dropout: 0.2}
  raw: {kind: bypass, patch: 3, hidden: 16, layers: 1, head: 8, dropout: 0.2}
training: {epochs: 2, windows_per_epoch: 64, validation_windows: 64, batch_size: 8, learning_rate: 0.001,
  weight_decay: 0, warmup: 0, gradient_clip: 1, patience: 1, loss: huber, ema_decay: 0.9, level_shift: 0,
  device: cpu, precision: 32-true}
evaluation: {bootstrap: 100, confidence: 0.9}
attribution: {windows: 16, costly_windows: 8, target_step: 6, smooth_samples: 4, smooth_sigma: 0.2, path_steps: 8,
  occlusion: 1h, batch_size: 8}
hidden_states: {windows: 100, embedding_windows: 50, clusters: 3, trajectories: 2}
convolutions: {windows: 100, random_ablations: 5}
"""
EXAMPLES = [EVERY_BLOCK, *(path.read_text() for path in STUDIES)]
LONGEST_LOAD = 1.0  # seconds of the processor


def study(folder: Path, content: str | bytes) -> Path:
    path = folder / "study.yml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path) -> str:
    started = time.process_time()
    with pytest.raises(LstmkitError) as error:
        load_params(path)
    assert time.process_time() - started < LONGEST_LOAD
    said = str(error.value)
    assert len(said.splitlines()) == 1
    assert str(path) in said
    return said.removeprefix(f"{path}: ")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_another_encoding_than_utf_8_is_named(tmp_path, encoding):
    path = study(tmp_path, f"# Büro\n{SMALLEST}".encode(encoding))
    assert "save it as UTF-8" in refusal(path)


def test_the_line_that_is_not_utf_8_is_named(tmp_path):
    path = study(tmp_path, f"{SMALLEST}description: Büro\n".encode("cp1252"))
    assert refusal(path) == "line 5 is not UTF-8 text: save it as UTF-8"


def test_utf_8_with_a_byte_order_mark_loads(tmp_path):
    path = study(tmp_path, SMALLEST.replace("Smallest", "Büro").encode("utf-8-sig"))
    assert load_params(path).title == "Büro"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "found nothing"),
        (b"# only a comment\n", "found nothing"),
        (b"a: \x00\n", "save it as UTF-8"),
        (b"a: \x07\n", "not readable as YAML"),
        (b"\xef\xbb\xbf", "found nothing"),
        (b"a: 1\n---\nb: 2\n", "not readable as YAML"),
        (b"\t- a", "not readable as YAML"),
        (b"a: [1,", "not readable as YAML"),
        (b"# " + b"x" * 100_000, "larger than"),
    ],
)
def test_a_file_that_is_no_yaml_is_refused(tmp_path, content, said):
    assert said in refusal(study(tmp_path, content))


def test_a_folder_is_refused(tmp_path):
    (tmp_path / "study.yml").mkdir()
    assert "folder" in refusal(tmp_path / "study.yml")


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    path = tmp_path / "study.yml"
    path.symlink_to("/proc/self/mem")  # its first byte can be read by nobody, root neither
    assert refusal(path).startswith("cannot be read: ")


@pytest.mark.parametrize("where", ["bomb: [*i, *i]\n", "title: *i\n", "data: {<<: *i}\n"])
def test_aliases_are_refused_before_they_multiply(tmp_path, where):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    said = refusal(study(tmp_path, SMALLEST + bomb + where))
    assert said == "line 6: an alias (*a) is not allowed: write the value out"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (SMALLEST + "title: Other\n", "line 5: the key 'title' is there twice, first in line 1: delete one"),
        (SMALLEST + "training: {epochs: 3,\n epochs: 4}\n", "line 6: the key 'epochs' is there twice, first in line 5"),
        (SMALLEST + '"tit\\u006ce": Other\n', "line 5: the key 'title' is there twice, first in line 1"),
    ],
)  # fmt: skip
def test_a_key_that_is_there_twice_is_named_with_its_lines(tmp_path, content, said):
    assert said in refusal(study(tmp_path, content))


@pytest.mark.parametrize(
    "tagged",
    ["!!python/object/apply:os.system [true]", "!!binary YQ==", "!!int ''", "!!timestamp x", "!x 3", "! 3", "!!set {}"],
)  # fmt: skip
def test_tags_are_refused(tmp_path, tagged):
    said = refusal(study(tmp_path, f"{SMALLEST}seed: {tagged}\n"))
    assert said.startswith("line 5: a tag (!")


@pytest.mark.parametrize("key", ["[a, b]", "{a: b}", "3", "true", "null", "1.5"])
def test_a_key_that_is_no_text_is_refused(tmp_path, key):
    assert "line 5: a key must be text" in refusal(study(tmp_path, f"{SMALLEST}? {key}\n: 3\n"))


@pytest.mark.parametrize("deep", ["[" * 30_000, "{a: " * 10_000, "- " * 20_000, "? " * 20_000])
def test_deep_nesting_is_refused(tmp_path, deep):
    assert "levels deep" in refusal(study(tmp_path, deep))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1e-3", 1e-3),
        ("1E-3", 1e-3),
        ("2.5e-4", 2.5e-4),
        (".001", 1e-3),
        ("1", 1.0),
        ("+0.5", 0.5),
    ],
)
def test_every_way_to_write_a_number_is_read_as_one(tmp_path, text, read):
    params = load_params(study(tmp_path, f"{SMALLEST}training: {{learning_rate: {text}}}\n"))
    assert params.training.learning_rate == read


@pytest.mark.parametrize(
    "word", ["no", "off", "on", "Yes", "y", "12:30", "2024-01-01", "0x10", "1_000", "=", "<<"]
)
def test_a_word_that_old_yaml_took_for_something_else_is_a_word(tmp_path, word):
    assert load_params(study(tmp_path, SMALLEST.replace("Smallest", word))).title == word


def test_a_date_needs_no_quotes(tmp_path):
    content = SMALLEST.replace("simulated", "simulated, simulator: {start: 2024-03-01}")
    assert load_params(study(tmp_path, content)).data.simulator.start == "2024-03-01"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", "true"),
        ("seed", "-1"),
        ("seed", "1e23"),
        ("seed", "1.0"),
        ("seed", "100000000000000000000000"),
        ("seed", "9" * 5000),
        ("seed", "'1'"),
        ("horizons", "[1000000]"),
        ("horizons", "[12, 12]"),
        ("horizons", "[true]"),
        ("horizons", "[12.0]"),
        ("windows.lookback", "true"),
        ("windows.lookback", "1e9"),
        ("windows.lookback", "1000000000"),
        ("training.learning_rate", ".inf"),
        ("training.learning_rate", ".nan"),
        ("training.learning_rate", "1e999"),
        ("training.learning_rate", "true"),
        ("training.learning_rate", "'0.1'"),
        ("training.weight_decay", ".inf"),
        ("training.gradient_clip", ".inf"),
        ("training.level_shift", ".nan"),
        ("training.epochs", "1000000000"),
        ("training.batch_size", "1000000000"),
        ("training.patience", "false"),
        ("training.ema_decay", ".nan"),
        ("split.train", ".nan"),
        ("groups.edges", "[.nan, .inf]"),
        ("groups.edges", "[1, .inf]"),
        ("groups.edges", "[]"),
        ("groups.edges", "[2, 2]"),
        ("groups.edges", "['1', '2']"),
        ("groups.column", "3"),
        ("groups.column", "''"),
        ("groups.column", "[a, b]"),
        ("groups.spans", "{}"),
        ("groups.spans", "[2024-01-01, 2024-02-01]"),
        ("groups.spans", "{winter: 2024-01-01}"),
        ("groups.spans", "{winter: [2024-01-01]}"),
        ("groups.spans", "{winter: []}"),
        ("groups.spans", "{winter: [null, null]}"),
        ("groups.spans", "{winter: [2024-02-01, 2024-01-01]}"),
        ("groups.spans", "{winter: [2024-02-30, 2024-03-01]}"),
        ("groups.spans", "{winter: [2024-01-01, 9999-01-01]}"),
        ("groups.spans", "{a: [2024-01-01, 2024-02-01], b: [2024-02-01, null]}"),
        ("groups.spans", "{a: [[2024-01-01, null], [2024-02-01, null]]}"),
        ("groups.spans", "{other: [2024-01-01, 2024-02-01]}"),
        ("groups.spans", "{_a: [2024-01-01, 2024-02-01]}"),
        ("groups.noun", "shift"),
        ("evaluation.bootstrap", "1000000000"),
        ("evaluation.confidence", ".nan"),
        ("attribution.windows", "1000000000"),
        ("attribution.smooth_sigma", ".inf"),
        ("attribution.path_steps", "1000000000"),
        ("attribution.occlusion", "1000000000 days"),
        ("attribution.target_step", "13"),
        ("hidden_states.clusters", "1000000"),
        ("hidden_states.clusters", "true"),
        ("convolutions.random_ablations", "1000000000"),
        ("models.lstm.hidden", "100000"),
        ("models.lstm.layers", "1000000"),
        ("models.lstm.dropout", "true"),
        ("models.cnn.channels", "[1000000, 1]"),
        ("models.cnn.kernels", "[3, 1000000]"),
        ("models.cnn.pool", "1000000"),
        ("models.cnn.head", "1000000"),
        ("data.interval", "1ns"),
        ("data.interval", "1000000000 days"),
        ("data.interval", "nan"),
        ("data.interval", "''"),
        ("data.interval", "5"),
        ("data.simulator.days", "1e9"),
        ("data.simulator.days", "1000000000"),
        ("data.simulator.seed", "-1"),
        ("data.simulator.start", "9999-12-31"),
        ("data.simulator.start", "0001-01-01"),
        ("data.simulator.start", "yesterday"),
        ("data.simulator.start", "20240101"),
        ("data.source", "''"),
        ("data.source", '"a\\0b.csv"'),
        ("data.source", "x" * 5000),
        ("data.site_timezone", "../../etc/passwd"),
        ("data.target", '"a\\nb"'),
        ("data.target", "[]"),
        ("data.target", "[co2, co2]"),
        ("data.target", "{a: b}"),
        ("data.target", "[[co2]]"),
        ("data.target", "[co2, null]"),
        ("data.explained", "humidity"),
        ("data.explained", "[co2]"),
        ("data.target_known", "'false'"),
        ("data.target_known", "0"),
        ("title", '""'),
        ("title", '"a\\nb"'),
        ("title", '"a\\eb"'),
        ("title", '"\\ud800"'),
        ("title", "true"),
        ("title", "x" * 1000),
        ("description", '"a\\0b"'),
        ("groups.labels", '[a, b, "c\\u202ed"]'),
        ("groups.labels", '[a, b, ""]'),
        ("groups.labels", "[a, b, 3]"),
        ("groups.labels", "[a]"),
        ("groups.labels", "[a, b, c, d, e, f, g, h, i]"),
        ("groups.labels", "abc"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_key_before_anything_runs(tmp_path, key, value):
    content = yaml.safe_load(SMALLEST)
    content["models"]["cnn"] = {"kind": "cnn_lstm"}
    *blocks, last = key.split(".")
    inner = content
    for block in blocks:
        inner = inner.setdefault(block, {})
    inner[last] = "VALUE"
    text = yaml.safe_dump(content).replace("VALUE", value)
    said = refusal(study(tmp_path, text))
    assert said.startswith(".".join(blocks[:2])) or said.startswith(key)
    assert last in said
    assert len(said) < 500


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"models": {"big": {"kind": "lstm", "hidden": 4096, "layers": 8}}}, "parameters"),
        ({"models": {"big": {"kind": "lstm", "hidden": 4000}}, "horizons": [100_000]}, "parameters"),
        ({"models": {"big": {"kind": "cnn_lstm", "channels": [2000, 2000], "kernels": [100, 100]}}}, "parameters"),
        ({"windows": {"lookback": 100_000}, "training": {"batch_size": 4096}}, "batch_size"),
    ],
)  # fmt: skip
def test_what_together_fits_no_memory_is_refused(tmp_path, changed, said):
    content = yaml.safe_load(SMALLEST) | changed
    assert said in refusal(study(tmp_path, yaml.safe_dump(content)))


def test_many_faults_are_still_one_short_line(tmp_path):
    unknown = "".join(f"key{n}: {'x' * 40}\n" for n in range(500))
    said = refusal(study(tmp_path, SMALLEST + unknown))
    assert "key0: this key is not known" in said
    assert "and 490 more" in said
    assert len(said) < 2000


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_subnormal=False),
    st.text(max_size=20),
    st.sampled_from(["", ".", "..", "/", "no", "1e9", "5min", "raw", "simulated", "awair", "lstm", "*a", "<<", "\0"]),
    st.sampled_from([[], {}, ["a", "a"], {"kind": "lstm"}, [1, 2]]),
    st.sampled_from([0, 1, -1, 2**31, 2**63, math.inf, 1e300, 10**400]),
)  # fmt: skip
NESTED = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(content, path=()):
    yield path
    items = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for key, inner in items:
        yield from places(inner, (*path, key))


@st.composite
def mutated_content(draw) -> str:
    """A study in which some values were replaced, deleted, or put under another key."""
    content = copy.deepcopy(yaml.safe_load(draw(st.sampled_from(EXAMPLES))))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from([path for path in places(content) if path]))
        inner = content
        for key in parents:
            inner = inner[key]
        change = draw(st.sampled_from(["replace", "replace", "replace", "delete", "rename"]))
        if change == "replace":
            inner[last] = draw(NESTED)
        elif change == "delete" or isinstance(inner, list):
            del inner[last]
        else:
            inner[draw(st.text(max_size=12))] = inner.pop(last)
    return yaml.safe_dump(content, allow_unicode=draw(st.booleans()))


@st.composite
def mutated_bytes(draw) -> bytes:
    """A study's file of which some bytes were replaced, removed, doubled or put in."""
    content = draw(st.sampled_from(EXAMPLES)).encode()
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, len(content)))
        last = draw(st.integers(first, min(len(content), first + 12)))
        put_in = draw(
            st.binary(max_size=6)
            | st.sampled_from([b"\n", b": ", b"- ", b"[", b"]", b"{", b"}", b"*a ", b"&a ", b"!!int ", b"|\n", b"'"])
            | st.just(content[first:last] * 2)
        )  # fmt: skip
        content = content[:first] + put_in + content[last:]
    return content


def test_every_block_loads(tmp_path):
    params = load_params(study(tmp_path, EVERY_BLOCK))
    assert params.data.read.separator == ";"
    assert params.training.learning_rate == 1e-3


def loads_or_is_refused_in_one_line(path: Path) -> None:
    started = time.process_time()
    try:
        assert isinstance(load_params(path), StudyParams)
        event("loads")
    except LstmkitError as error:
        event("is refused")
        assert len(str(error).splitlines()) == 1, str(error)
        assert str(path) in str(error)
    assert time.process_time() - started < LONGEST_LOAD


mutations = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@mutations
@given(content=mutated_content())
def test_a_study_with_other_values_loads_or_is_refused_in_one_line(tmp_path, content):
    loads_or_is_refused_in_one_line(study(tmp_path, content))


@mutations
@given(content=mutated_bytes())
def test_a_study_with_other_bytes_loads_or_is_refused_in_one_line(tmp_path, content):
    loads_or_is_refused_in_one_line(study(tmp_path, content))
