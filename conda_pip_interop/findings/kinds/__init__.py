"""The kinds of findings: each is found, told and fixed by its own module."""
