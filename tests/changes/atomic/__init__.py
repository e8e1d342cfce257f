"""Tests of atomic."""
