"""Tests of site_packages."""
