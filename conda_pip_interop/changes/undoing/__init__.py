"""Undo: which operation, whether it still can be, and what the environment is like then."""
