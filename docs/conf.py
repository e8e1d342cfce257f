"""The documentation site: `make docs` builds it into docs/_build/html."""

project = "conda-pip-interop"
author = "the conda-pip-interop contributors"
copyright = author  # noqa: A001 - Sphinx's name

extensions = ["myst_parser"]
exclude_patterns = ["_build", "changelog.d", "examples/ansible/roles"]

myst_enable_extensions = ["colon_fence"]
#: Anchors of headings down to this level, as on the code host; links to them are checked.
myst_heading_anchors = 4
nitpicky = True
smartquotes = False  # `--option` in a sentence stays as it is

html_theme = "conda_sphinx_theme"
html_title = project
html_show_copyright = False
html_theme_options = {"navigation_depth": 3, "show_prev_next": True}
