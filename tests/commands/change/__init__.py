"""Tests of change."""
