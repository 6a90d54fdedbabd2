"""Gives each picture of a study its large version: the built book holds it, and a click or a tap opens it."""

from pathlib import Path

from docutils import nodes
from sphinx.util.osutil import relative_uri

from lstmkit.report.figure_files import NAMES, place

STUDIES = "studies"
CAPTION_AND_LINKS = 2  # paragraphs below a picture


def link_pictures(app, doctree: nodes.document, docname: str) -> None:
    """Let each picture be a link to its large version."""
    for picture in list(doctree.findall(nodes.image)):
        large = _linked_below(picture) or _own_file(picture, docname)
        if large and not isinstance(picture.parent, nodes.reference):
            title = "Open the large figure"
            link = nodes.reference("", refuri=large, reftitle=title, internal=True, classes=["large-figure"])
            picture.replace_self(link)
            link += picture


def put_files(app, exception: Exception | None) -> None:
    """Put the files of the figures where the links of the built pages find them."""
    if exception is None and app.builder.format == "html":
        for file in Path(app.srcdir, STUDIES).rglob("*"):
            if file.suffix in NAMES:
                place(file, Path(app.outdir, file.relative_to(app.srcdir)))


def _linked_below(picture: nodes.image) -> str | None:
    """The large version of an executed figure, which is linked below its caption."""
    place_of = picture.parent.index(picture)
    for paragraph in picture.parent[place_of + 1 : place_of + 1 + CAPTION_AND_LINKS]:
        for link in paragraph.findall(nodes.reference):
            if link.get("refuri", "").endswith(".png"):
                return link["refuri"]
    return None


def _own_file(picture: nodes.image, docname: str) -> str | None:
    """A picture that lies among the pages is its own large version."""
    file = picture["uri"]
    return relative_uri(docname, file) if file.startswith(f"{STUDIES}/") else None


def setup(app) -> dict[str, bool]:
    """Register both."""
    app.connect("doctree-resolved", link_pictures)
    app.connect("build-finished", put_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
