"""Tests of undoing."""
