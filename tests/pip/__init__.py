"""Tests of how pip is run, with a real pip."""
