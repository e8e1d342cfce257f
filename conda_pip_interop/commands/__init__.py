"""One module for each `conda pip` command."""
