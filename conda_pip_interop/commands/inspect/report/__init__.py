"""A page that shows an environment with both parts: its packages, findings and history."""
