"""The trained network beside the untrained one."""
