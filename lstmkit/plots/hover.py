"""Text in figures that plotly draws."""

from html import escape


def literal(text: str) -> str:
    """Text that plotly shows as it is: neither with tags nor as a template.

    Args:
        text: a name, a label or a unit.
    """
    return escape(text, quote=False).replace("%{", "&#37;{")
