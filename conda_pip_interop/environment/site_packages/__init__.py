"""Python's side of a prefix: distributions, and the files that they list."""
