"""From a sensor's file to windows."""
