"""Every notebook of a study, for each of its models and horizons, and the book. Run by `make report`."""

from pathlib import Path

from lstmkit.layout import horizon_folder, project_folder, results_folder
from lstmkit.params import find_params, load_params

STUDY = config.get("study", "co2")
SOURCE = find_params(STUDY)
PARAMS = load_params(SOURCE)
PAGES = Path("book/studies") / SOURCE.stem
RESULTS = Path(os.path.relpath(results_folder(SOURCE)))
HORIZONS = {horizon_folder(steps, PARAMS.data.interval): steps for steps in PARAMS.horizons}
SETTINGS = PARAMS.model_dump(mode="json")
TRAINED_BY = ["seed", "data", "variant", "split", "windows", "regimes", "training", "evaluation"]
RECORDING = [path for path in [project_folder(SOURCE) / PARAMS.data.source] if path.is_file()]

# notebook: the settings it depends on beside those of the training, and its own rooms in analysis/ and plots/
SECTIONS = {
    "01_training": ([], ["skill", "overview"]),
    "B_attribution": (["attribution"], ["attribution", "attribution_methods", "agreement", "gradient_flow", "statistics"]),
}
EVERY_PAGE = expand(
    PAGES / "{model}" / "{h}" / "{section}.ipynb", model=PARAMS.models, h=HORIZONS, section=SECTIONS
)
HOUSE = [str(p) for p in Path("lstmkit").rglob("*.py") if p.parent.name not in ("analysis", "plots")]


def settings(section, model):
    keys = TRAINED_BY + SECTIONS[section][0]
    return str({key: SETTINGS[key] for key in keys} | {"model": SETTINGS["models"][model]})


def rooms(section):
    files = [f"lstmkit/{floor}/{room}.py" for room in SECTIONS[section][1] for floor in ("analysis", "plots")]
    return [*HOUSE, "lstmkit/plots/style.py", *filter(os.path.exists, files)]


PAGE = (
    "OMP_NUM_THREADS={threads} python -m lstmkit.report page "
    "{input.notebook} {output.page} {params.study} {wildcards.model} {params.steps} > {log} 2>&1"
)


wildcard_constraints:
    model="|".join(PARAMS.models),
    h="|".join(HORIZONS),
    section="[A-Z]_.*",


rule report:
    input:
        EVERY_PAGE,  # also where a book was built without them
        "book/_build/html/index.html",
    default_target: True


rule book:
    input:
        EVERY_PAGE,
        [p for p in Path("book").rglob("*") if p.suffix in (".md", ".bib", ".css", ".py", ".yml")
         and not {"_build", "studies"} & set(p.parts)],
        "_config.yml",
        "lstmkit/report.py",
    output:
        "book/_build/html/index.html",
    message:
        "Building the book: {output}"
    params:
        study=STUDY,
    shell:
        "python -m lstmkit.report index {params.study} book && jupyter-book build -q book"


rule training:
    input:
        *rooms("01_training"),
        *RECORDING,
        notebook="notebooks/01_training.ipynb",
    output:
        page=PAGES / "{model}" / "{h}" / "01_training.ipynb",
        metrics=RESULTS / "{model}_interpretability" / "{h}" / "metrics.json",
    params:
        settings=lambda wildcards: settings("01_training", wildcards.model),
        study=STUDY,
        steps=lambda wildcards: HORIZONS[wildcards.h],
    log:
        RESULTS / "{model}_interpretability" / "{h}" / "logs" / "01_training.log",
    message:
        "Training {wildcards.model}, {wildcards.h}"
    shell:
        PAGE


rule section:
    input:
        lambda wildcards: rooms(wildcards.section),
        *RECORDING,
        notebook="notebooks/{section}.ipynb",
        trained=ancient(RESULTS / "{model}_interpretability" / "{h}" / "metrics.json"),
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
    shell:
        PAGE
