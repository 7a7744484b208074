"""Sphinx settings of the documentation site."""

from importlib.metadata import version as installed_version

project = "servicepo"
author = "The servicepo authors"
copyright = "2026, the servicepo authors"
version = release = installed_version("servicepo")
language = "zh_CN"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
nb_execution_mode = "off"  # the tests execute the notebooks; the site shows what they printed
autosummary_generate = True
numpydoc_show_class_members = False
exclude_patterns = ["_build"]

html_theme = "pydata_sphinx_theme"
html_title = "servicepo"
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "header_dropdown_text": "更多",
}
html_sidebars = {"**": []}  # the pages stand in the head; tables need the room
