"""PyPI names and versions in conda's terms, and back."""
