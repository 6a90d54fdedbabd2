"""The directive `study-results`: on the landing page, what the executed studies found."""

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

NOTHING = "Nothing has been executed yet. `make report` trains the models, fills this page and builds the book anew."


class StudyResults(Directive):
    """Shows the fragment `studies/<study>/landing.txt` of every study that was executed, or says that none was."""

    def run(self) -> list[nodes.Node]:
        """Parse the fragments as if they stood on the page."""
        environment = self.state.document.settings.env
        fragments = sorted(Path(environment.srcdir, "studies").glob("*/landing.txt"))
        text = "\n\n".join(fragment.read_text(encoding="utf-8") for fragment in fragments) or NOTHING
        container = nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), "studies"), 0, container, match_titles=False)
        for fragment in fragments:
            environment.note_dependency(str(fragment))
        return container.children


def setup(app) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("study-results", StudyResults)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
