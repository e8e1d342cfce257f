"""Commands that only read an environment."""
