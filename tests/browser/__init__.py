"""Tests of the page of `conda pip report` in a browser (`make test-browser`)."""
