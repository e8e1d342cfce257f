"""Tests of uv."""
