"""Sphinx's settings for the site: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import elman  # noqa: E402

HERE = Path(__file__).parent

project = "Elman"
author = "Elman's authors"
version = release = elman.__version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
    "docs.builder.mathematics",
    "docs.builder.names",
]
root_doc = "index"
exclude_patterns = ["_extra"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
nitpicky = True

# --- docstrings -----------------------------------------------------------------------------------------------

default_role = "py:obj"
autosummary_generate = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"exclude-members": "__new__"}
numpydoc_show_class_members = False
numpydoc_use_plots = False
add_module_names = False
python_use_unqualified_type_names = True
maximum_signature_line_length = 100

# --- Markdown and notebooks -----------------------------------------------------------------------------------

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist", "html_image"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # the notebooks are run by `make examples`, whose outputs they hold
nb_merge_streams = True
copybutton_exclude = ".linenos, .gp, .go"

# --- pages ----------------------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "Elman"
html_static_path = [str(HERE / "_static")]
EXTRA = HERE.parent / "build" / "docs-source" / "_extra"  # pages that are whole as they are: docs.builder.stage
html_extra_path = [str(EXTRA)] if EXTRA.is_dir() else []
html_css_files = ["site.css"]
html_logo = str(HERE / "_static" / "logo.svg")
html_favicon = str(HERE / "_static" / "favicon.svg")
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "katex"
html_theme_options = {
    "logo": {"text": "Elman"},
    "navigation_depth": 2,
    "show_nav_level": 1,
    "header_links_before_dropdown": 7,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
    "show_prev_next": False,
}
html_sidebars = {"index": [], "start": []}
html_context = {"default_mode": "auto"}
