"""PyPI names and versions in conda's words, and back."""
