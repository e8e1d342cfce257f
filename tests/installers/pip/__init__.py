"""Tests of pip."""
