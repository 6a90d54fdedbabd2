"""Downloads public series of other kinds than the studies' own, for `defaults.py`; hashes are checked.

transformer, transformer_2 and load: ETDataset (Zhou et al. 2021), CC BY-ND 4.0, github.com/zhouhaoyi/ETDataset.
office: Candanedo & Feldheim (2016), Energy and Buildings 112:28, CC BY 4.0,
github.com/LuisM78/Occupancy-detection-data.
"""

from pathlib import Path

import pooch

FOLDER = Path(__file__).parent / "series"
GITHUB = "https://raw.githubusercontent.com"
TRANSFORMERS = f"{GITHUB}/zhouhaoyi/ETDataset/1d16c8f4f943005d613b5bc962e9eeb06058cf07/ETT-small"
OFFICE = f"{GITHUB}/LuisM78/Occupancy-detection-data/ba2b1d7b53a71292ff61b867d3e16f0e539c7eb6"
FILES = {
    f"{TRANSFORMERS}/ETTh1.csv": "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
    f"{TRANSFORMERS}/ETTh2.csv": "a3dc2c597b9218c7ce1cd55eb77b283fd459a1d09d753063f944967dd6b9218b",
    f"{OFFICE}/datatest.txt": "1b92c7c1b2838963464fa891a610cf3c5db4becb7189189b29b330107a584c7f",
    f"{OFFICE}/datatest2.txt": "d026d1bd5aeccd4aff4f3b3710d48e40613bd5fc370db7e61bbdcaa50d985095",
    f"{OFFICE}/datatraining.txt": "b2c4d0ce2b9e4e453c476f7125ef31aeec2d1f5c7f5572d0e80de3df6521ab56",
}


def download() -> None:
    """Put every file into `series/data`, where the studies of `series/` look for them."""
    for url, sha256 in FILES.items():
        pooch.retrieve(url, f"sha256:{sha256}", fname=url.rpartition("/")[2], path=FOLDER / "data")


if __name__ == "__main__":
    download()
