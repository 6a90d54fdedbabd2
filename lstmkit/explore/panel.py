"""A place on the screen for a figure and its caption, or for the reason why there is none."""

from base64 import b64encode
from collections.abc import Callable
from html import escape
from io import BytesIO

import numpy as np
from ipywidgets import HTML, Layout
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from lstmkit.errors import LstmkitError
from lstmkit.explore.views import View

DPI = 120


class Panel(HTML):
    """Shows one view at a time.

    Args:
        title: above the figure, in one or two words.
    """

    def __init__(self, title: str):
        super().__init__(layout=Layout(width="100%", min_width="0"))
        self.title = title

    def show(self, draw: Callable[[], View]) -> None:
        """Draw a view and show it, or say in one line why it cannot be drawn.

        Args:
            draw: makes the view.
        """
        try:
            figure, caption = draw()
        except LstmkitError as error:
            self.value = f"<p><b>{self.title}.</b> {escape(str(error))}</p>"
            return
        source = b64encode(_png(figure)).decode()
        self.value = (
            f'<img alt="{escape(caption)}" style="max-width: 100%" src="data:image/png;base64,{source}">'
            f'<p style="line-height: 1.4"><b>{self.title}.</b> {escape(caption)}</p>'
        )


def _png(figure: Figure) -> bytes:
    """A figure as it comes on the screen, laid out and drawn once, where `savefig` would do both twice."""
    figure.dpi = DPI
    canvas, picture = FigureCanvasAgg(figure), BytesIO()
    canvas.draw()
    Image.fromarray(np.asarray(canvas.buffer_rgba())).save(picture, format="png", compress_level=1)
    return picture.getvalue()
