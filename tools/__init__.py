"""Tools around the package; each runs as `python -m tools.NAME`."""
