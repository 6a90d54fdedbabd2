"""How the software is cited agrees with what it says of itself."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent


def test_the_citation_says_what_the_project_and_its_licence_say():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    holders = re.search(r"Copyright \(c\) \d+ (.+)", (ROOT / "LICENSE").read_text())[1]
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["message"]
    assert citation["title"] == project["name"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"] == "MIT"
    assert citation["abstract"] == project["description"]
    assert citation["authors"] == [{"name": holders}]
    known = {"cff-version", "message", "type", "title", "abstract", "authors", "version", "license"}
    assert set(citation) == known  # of the keys of CFF 1.2.0
