"""The commands behind `make report`: `python -m lstmkit report`, `network`, `baselines`, `page`, `index` and `book`."""

import argparse
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from lstmkit.errors import ERROR, LstmkitError


def main() -> None:
    """Run one command; what goes wrong ends in one line that begins with `error: `."""
    arguments = vars(_parser().parse_args())
    command = _command(arguments.pop("command"))
    try:
        command(**arguments)
    except (LstmkitError, OSError) as error:
        sys.exit(f"{ERROR}{error}")
    except Exception as error:
        traceback.print_exc()
        last_line = str(error).strip().rpartition("\n")[2]
        sys.exit(f"{ERROR}{type(error).__name__}: {last_line}")


def _command(name: str) -> Callable[..., None]:
    """Each command imports only what it needs."""
    if name in ("network", "baselines"):
        from lstmkit.jobs import prepare_baselines, prepare_network
        from lstmkit.runtime import configure

        configure()
        return prepare_network if name == "network" else prepare_baselines
    if name == "page":
        from lstmkit.report.pages import write_page

        return write_page
    if name == "index":
        from lstmkit.report.index import write_index

        return write_index
    if name == "book":
        from lstmkit.report.book import write_book

        return write_book
    from lstmkit.report.workflow import run_report

    return run_report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lstmkit", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    report = commands.add_parser("report", help="train, execute every notebook of a study, build the book")
    report.add_argument("study")
    report.add_argument("--cores", default="all")
    network = commands.add_parser(
        "network", help="train one network, forecast the test part, measure what it does"
    )
    network.add_argument("study")
    network.add_argument("model")
    network.add_argument("horizon", type=int)
    network.add_argument("seed", type=int)
    baselines = commands.add_parser("baselines", help="fit the baselines and forecast the test part")
    baselines.add_argument("study")
    baselines.add_argument("horizon", type=int)
    page = commands.add_parser("page", help="execute a notebook into the book")
    page.add_argument("notebook", type=Path)
    page.add_argument("page", type=Path)
    page.add_argument("study")
    page.add_argument("model")
    page.add_argument("horizon", type=int)
    index = commands.add_parser("index", help="write the pages above a study's sections")
    index.add_argument("study")
    index.add_argument("book", type=Path)
    book = commands.add_parser("book", help="write these pages and build the book")
    book.add_argument("study")
    book.add_argument("book", type=Path)
    return parser


if __name__ == "__main__":
    main()
