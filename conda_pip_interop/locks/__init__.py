"""Locks: files that state every package of an environment, of both managers, with its file."""
