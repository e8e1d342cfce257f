"""Tests of conda adapter."""
