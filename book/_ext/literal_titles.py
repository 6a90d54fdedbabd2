"""Shows titles as text in the two places where the theme and the search page would read them as HTML."""

from collections.abc import Iterable
from html import escape, unescape
from typing import Any

AFTER_THE_THEME = 900


def escape_printed_title(app, pagename: str, templatename: str, context: dict[str, Any], doctree) -> None:
    """Escape the title above a printed page, which the theme's template writes as it is."""
    if "pagetitle" in context:
        context["pagetitle"] = escape(context["pagetitle"])


def escape_found_titles(app) -> Iterable:
    """Escape the titles in the search index, which the search page puts into its list as HTML.

    Those that an earlier build escaped are read from its index again.
    """
    index = getattr(app.builder, "indexer", None)
    for page, titles in index._all_titles.items() if index else ():
        index._all_titles[page] = [(escape(unescape(title), quote=False), place) for title, place in titles]
    return ()


def setup(app) -> dict[str, bool]:
    """Register both."""
    app.connect("html-page-context", escape_printed_title, priority=AFTER_THE_THEME)
    app.connect("html-collect-pages", escape_found_titles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
