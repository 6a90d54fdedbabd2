"""Lets the book be read without a network: MathJax and plotly.js lie in its own folder, and no page asks for more."""

from importlib.resources import files
from typing import Any

MATHJAX = files("sphinx-mathjax-offline") / "static" / "mathjax" / "tex-svg.js"  # holds its fonts
PLOTLY = files("plotly") / "package_data" / "plotly.min.js"
PLOTLY_FIGURE = "plotly-graph-div"  # class of the element that plotly.js fills
LIVE_CODE = ("init_thebe_core", "update_thebe_context")  # of sphinx_thebe, which has no switch


def add_libraries(app, config) -> None:
    """Copy the libraries into the built book, and let equations be set by this MathJax."""
    config.html_static_path += [str(MATHJAX), str(PLOTLY)]
    config.mathjax_path = MATHJAX.name


def load_plotly(app, pagename: str, templatename: str, context: dict[str, Any], doctree) -> None:
    """Load plotly.js on the pages that show one of its figures."""
    if PLOTLY_FIGURE in context.get("body", ""):
        app.add_js_file(PLOTLY.name)


def leave_out_live_code(app) -> None:
    """Disconnect what lets cells run on a server, which no page of this book offers; it is loaded from a network."""
    listeners = [listener for of_event in app.events.listeners.values() for listener in of_event]
    for listener in listeners:
        if getattr(listener.handler, "__name__", "") in LIVE_CODE:
            app.disconnect(listener.id)


def setup(app) -> dict[str, bool]:
    """Register them."""
    leave_out_live_code(app)
    app.connect("config-inited", add_libraries)
    app.connect("html-page-context", load_plotly)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
