"""From a sensor's file to windows."""

from lstmkit.runtime import configure

configure()
