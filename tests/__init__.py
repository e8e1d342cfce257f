"""Tests, and the world that they run in."""
