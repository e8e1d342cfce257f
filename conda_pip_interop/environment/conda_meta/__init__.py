"""conda's side of a prefix, read from its folder conda-meta."""
