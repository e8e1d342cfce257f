"""conda's side of the project: with `plugin`, the only code that imports conda."""
