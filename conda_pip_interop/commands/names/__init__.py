"""Commands about names and dependency files."""
