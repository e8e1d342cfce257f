"""Tests of conda_pip_interop.locks."""
