"""A project with the smoke test's study, to which a module of the user's own is added."""

import json
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
FACTORY = '''
import torch
from torch import nn


class EncoderDecoder(nn.Module):
    """Goes on from the encoder's state, one step ahead at a time, in the target's unit."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.LSTM(10, 6, batch_first=True)
        self.decoder = nn.LSTM(1, 6, batch_first=True)
        self.head = nn.Linear(6, 1)

    def forward(self, x):
        _, state = self.encoder(x)
        last, ahead = x[:, -1:, :1], []
        for _ in range(24):
            output, state = self.decoder(last, state)
            last = self.head(output)
            ahead.append(last[:, 0])
        return 600 + 100 * torch.stack(ahead, dim=1)


def build():
    torch.manual_seed(0)
    return EncoderDecoder()
'''


def project_in(folder: Path) -> Path:
    """The study's YAML; the notebook lies in `notebooks/`."""
    content = yaml.safe_load((ROOT / "params/smoke.yml").read_text())
    content["models"]["mine"] = {"kind": "module", "factory": "mine:build"}
    for name in ("params", "notebooks"):
        (folder / name).mkdir(parents=True)
    (folder / "mine.py").write_text(FACTORY)
    (folder / "params/smoke.yml").write_text(yaml.safe_dump(content, sort_keys=False))
    (folder / "notebooks/explore.ipynb").write_bytes((ROOT / "notebooks/explore.ipynb").read_bytes())
    return folder / "params/smoke.yml"


def give_parameters(notebook: Path, study: str, model: str, horizon: int) -> None:
    """Write other values into the notebook's cell of parameters."""
    content = json.loads(notebook.read_text())
    (cell,) = (each for each in content["cells"] if "parameters" in each["metadata"].get("tags", []))
    cell["source"] = f'study = "{study}"\nmodel = "{model}"\nhorizon = {horizon}'
    notebook.write_text(json.dumps(content))
