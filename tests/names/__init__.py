"""Tests of PyPI names and versions in conda's words."""
