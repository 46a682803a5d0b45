"""Builds the sources of the site from what the repository holds: pages, docstrings, commands, cells and notebooks.

`make docs` runs `python -m docs.builder`, which writes build/docs-source, and then Sphinx, which makes build/docs of
it. Whatever is generated is generated there, so that no page repeats by hand what the code says.
"""
