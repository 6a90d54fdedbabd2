"""lstmkit trains LSTM forecasters, opens them up, and prints what it finds as a browsable report."""

from lstmkit import runtime

runtime.configure()

from lstmkit.errors import LstmkitError  # noqa: E402
from lstmkit.study import Study, open_study  # noqa: E402

__all__ = ["LstmkitError", "Study", "open_study"]
