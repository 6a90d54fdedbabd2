"""Widgets with which a reader looks into single windows, in JupyterLab."""

from lstmkit.explore.explorer import Explorer

__all__ = ["Explorer"]
