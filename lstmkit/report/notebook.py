"""What a notebook's kernel knows about the parameters that papermill injected."""

import ast
import warnings

from IPython import get_ipython

from lstmkit.errors import LstmkitError

INJECTED = "# Parameters\n"  # the first line of the cell that papermill injects


def refuse_unknown_parameters() -> None:
    """Raise where papermill was given a parameter that the notebook does not have.

    Papermill itself only warns about a misspelt `-p` and then runs the defaults.

    Raises:
        LstmkitError: names the parameter and the ones that there are.
    """
    shell = get_ipython()
    if shell is None:
        return
    cells = shell.user_ns.get("In", [])
    injected = [n for n, cell in enumerate(cells) if cell.startswith(INJECTED)]
    if not injected:
        return
    known = {name for cell in cells[: injected[0]] for name in _assigned(cell)}
    if unknown := _assigned(cells[injected[0]]) - known:
        raise LstmkitError(
            f"unknown notebook parameter {', '.join(sorted(unknown))}; this notebook has {', '.join(sorted(known))}"
        )


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    return get_ipython() is not None


def end_page() -> None:
    """End a notebook here in good order; outside of a notebook, do nothing.

    Papermill takes `SystemExit` without a code for a notebook that has said all that it had to say, leaves the rest
    unexecuted and succeeds; in JupyterLab the cells below can still be executed one by one.
    """
    if in_notebook():
        warnings.filterwarnings("ignore", message="To exit: use")  # IPython's advice on ending its process
        raise SystemExit


def _assigned(cell: str) -> set[str]:
    return {
        target.id
        for node in ast.parse(cell).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
