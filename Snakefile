"""Every notebook of a study, for each of its models and horizons, and the book. Run by `make report`."""

import re
from importlib.util import find_spec
from pathlib import Path

from lstmkit.data.calendar import Calendar
from lstmkit.report.layout import CLAIMS, METRICS, network_folders, project_folder, results_folder
from lstmkit.params import find_params, load_params, source_files
from lstmkit.sections import SECTIONS, sections_of
from lstmkit.report.dependencies import modules_behind, modules_of

STUDY = str(config.get("study", "co2"))
SOURCE = find_params(STUDY)
PARAMS = load_params(SOURCE)
PAGES = Path("book/studies") / SOURCE.stem
RESULTS = Path(os.path.relpath(results_folder(SOURCE)))
HORIZONS = {Calendar(PARAMS.data.interval).folder(steps): steps for steps in PARAMS.horizons}
SETTINGS = PARAMS.model_dump(mode="json")
TRAINED_BY = ["seed", "seeds", "data", "variant", "clock", "split", "windows", "groups", "training", "evaluation"]
RECORDING = source_files(PARAMS.data, project_folder(SOURCE))

BY_NOTEBOOK = {section.notebook: section for section in SECTIONS}
COMPARING = [section.notebook for section in sections_of(True, compares_horizons=True)]
TAKES_LONG = "|".join(section.notebook for section in SECTIONS if section.takes_long)


def sections(model):
    """Notebooks that are executed for each horizon of a model."""
    return [section.notebook for section in sections_of(PARAMS.models[model].has_convolutions)]


def settings(section, model):
    keys = [*TRAINED_BY, *BY_NOTEBOOK[section].settings]
    return str({key: SETTINGS[key] for key in keys} | {"model": SETTINGS["models"][model]})


def settings_of_network(wildcards):
    """Those of the training, and which step the gradients of its claims explain."""
    return settings("01_training", wildcards.model) + str(PARAMS.attribution.target_step)


def pages_of(model):
    return [PAGES / model / h / f"{section}.ipynb" for h in HORIZONS for section in sections(model)]


def pages_in_summary(model):
    return [*pages_of(model), PAGES / model / "E_horizons.ipynb"]


# models of other libraries are fitted to the smallest study, where the extra `peers` is installed
HAS_PEERS = SOURCE.stem == "smoke" and all(map(find_spec, ("neuralforecast", "darts")))
EVERY_PAGE = [
    *(page for model in PARAMS.models for page in pages_of(model)),
    *expand(PAGES / "{model}" / "{page}.ipynb", model=PARAMS.models, page=COMPARING),
    *([PAGES / "peers.ipynb"] if HAS_PEERS else []),
]
SHARED = [str(p) for p in Path("lstmkit").rglob("*.py") if p.parts[1] not in ("analysis", "findings", "plots")]
BEHIND_CLAIMS = [os.path.relpath(module) for module in modules_behind("lstmkit.analysis.trust.claims")]
MODULES = {section: [*SHARED, *map(os.path.relpath, modules_of(Path(f"notebooks/{section}.ipynb")))] for section in BY_NOTEBOOK}


def networks(wildcards):
    """The last file of each network's own job."""
    run = RESULTS / f"{wildcards.model}_interpretability" / wildcards.h
    return [folder / CLAIMS for folder in network_folders(run, PARAMS.seed, PARAMS.n_networks(wildcards.model))]


def page(model, steps):
    """The command that executes a notebook."""
    return (
        "OMP_NUM_THREADS={threads} python -m lstmkit page "
        "{input.notebook:q} {output.page:q} {params.study:q} " + f"{model} {steps} " + "> {log:q} 2>&1"
    )


PAGE = page("{wildcards.model:q}", "{params.steps}")


wildcard_constraints:
    model="|".join(map(re.escape, PARAMS.models)),
    h="|".join(map(re.escape, HORIZONS)),
    seed=r"\d+",
    section="[A-Z]_[a-z_]+",
    comparison="|".join(COMPARING),


# what writes the pages above the sections
WRITERS = [str(p) for folder in ("findings", "report") for p in Path("lstmkit", folder).glob("*.py")]


rule report:
    input:
        EVERY_PAGE,  # also where a book was built without them
        "book/_build/html/index.html",
    default_target: True


rule book:
    input:
        EVERY_PAGE,
        [p for p in Path("book").rglob("*") if p.suffix in (".md", ".bib", ".css", ".js", ".py", ".yml")
         and not {"_build", "studies"} & set(p.parts)],
        "_config.yml",
        WRITERS,
    output:
        "book/_build/html/index.html",
    message:
        "Building the book: {output}"
    params:
        study=STUDY,
    shell:
        "python -m lstmkit book {params.study:q} book"


rule baselines:
    input:
        SHARED,
        *RECORDING,
    output:
        RESULTS / "baselines" / "{h}" / "baselines.npz",
    params:
        settings=str({key: SETTINGS[key] for key in TRAINED_BY}),
        study=STUDY,
        steps=lambda wildcards: HORIZONS[wildcards.h],
    log:
        RESULTS / "baselines" / "{h}" / "logs" / "baselines.log",
    message:
        "Fitting the baselines, {wildcards.h}"
    priority: 3
    shell:
        "OMP_NUM_THREADS={threads} python -m lstmkit baselines {params.study:q} {params.steps} > {log:q} 2>&1"


NETWORK = (
    "OMP_NUM_THREADS={threads} python -m lstmkit network "
    "{params.study:q} {wildcards.model:q} {params.steps} {params.seed} > {log:q} 2>&1"
)


rule network:
    input:
        SHARED,
        BEHIND_CLAIMS,
        *RECORDING,
    output:
        RESULTS / "{model}_interpretability" / "{h}" / CLAIMS,
    params:
        settings=settings_of_network,
        study=STUDY,
        steps=lambda wildcards: HORIZONS[wildcards.h],
        seed=PARAMS.seed,
    log:
        RESULTS / "{model}_interpretability" / "{h}" / "logs" / "network.log",
    message:
        "Training {wildcards.model}, {wildcards.h}"
    priority: 4
    shell:
        NETWORK


use rule network as other_network with:
    output:
        RESULTS / "{model}_interpretability" / "{h}" / "seed_{seed}" / CLAIMS,
    params:
        settings=settings_of_network,
        study=STUDY,
        steps=lambda wildcards: HORIZONS[wildcards.h],
        seed="{seed}",
    log:
        RESULTS / "{model}_interpretability" / "{h}" / "seed_{seed}" / "logs" / "network.log",
    message:
        "Training {wildcards.model}, {wildcards.h}, seed {wildcards.seed}"
    priority: 3


rule training:
    input:
        MODULES["01_training"],
        *RECORDING,
        networks=networks,
        baselines=RESULTS / "baselines" / "{h}" / "baselines.npz",
        notebook="notebooks/01_training.ipynb",
    output:
        page=PAGES / "{model}" / "{h}" / "01_training.ipynb",
        metrics=RESULTS / "{model}_interpretability" / "{h}" / METRICS,
    params:
        settings=lambda wildcards: settings("01_training", wildcards.model),
        study=STUDY,
        steps=lambda wildcards: HORIZONS[wildcards.h],
    log:
        RESULTS / "{model}_interpretability" / "{h}" / "logs" / "01_training.log",
    message:
        "Executing 01_training for {wildcards.model}, {wildcards.h}"
    priority: 2
    shell:
        PAGE


rule section:
    input:
        lambda wildcards: MODULES[wildcards.section],
        *RECORDING,
        notebook="notebooks/{section}.ipynb",
        trained=RESULTS / "{model}_interpretability" / "{h}" / METRICS,
    output:
        page=PAGES / "{model}" / "{h}" / "{section}.ipynb",
    params:
        settings=lambda wildcards: settings(wildcards.section, wildcards.model),
        study=STUDY,
        steps=lambda wildcards: HORIZONS[wildcards.h],
    log:
        RESULTS / "{model}_interpretability" / "{h}" / "logs" / "{section}.log",
    message:
        "Executing {wildcards.section} for {wildcards.model}, {wildcards.h}"
    priority: 1
    shell:
        PAGE


use rule section as long_section with:
    output:
        page=PAGES / "{model}" / "{h}" / f"{{section,{TAKES_LONG}}}.ipynb",
    priority: 2


ruleorder: long_section > section


rule horizons:
    input:
        lambda wildcards: MODULES[wildcards.comparison],
        lambda wildcards: pages_in_summary(wildcards.model) if wildcards.comparison == "summary" else [],
        *RECORDING,
        notebook="notebooks/{comparison}.ipynb",
        trained=expand(RESULTS / "{{model}}_interpretability" / "{h}" / METRICS, h=HORIZONS),
    output:
        page=PAGES / "{model}" / "{comparison}.ipynb",
    params:
        settings=lambda wildcards: settings(wildcards.comparison, wildcards.model),
        study=STUDY,
        steps=max(PARAMS.horizons),
    log:
        RESULTS / "{model}_interpretability" / "comparison" / "logs" / "{comparison}.log",
    message:
        "Executing {wildcards.comparison} for {wildcards.model}"
    priority: 2  # the summary waits for the horizons
    shell:
        PAGE


rule peers:
    input:
        SHARED,
        map(os.path.relpath, modules_of(Path("notebooks/peers.ipynb"))),
        notebook="notebooks/peers.ipynb",
    output:
        page=PAGES / "peers.ipynb",
    params:
        settings=lambda wildcards: settings("E_horizons", "lstm"),
        study=STUDY,
    log:
        RESULTS / "peers" / "logs" / "peers.log",
    message:
        "Executing peers"
    priority: 2
    shell:
        page("lstm", 24)
