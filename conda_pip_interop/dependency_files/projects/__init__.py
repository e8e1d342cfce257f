"""A project's pyproject.toml among others: as a document, and in its workspace."""
