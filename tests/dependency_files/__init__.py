"""Tests of dependency files."""
