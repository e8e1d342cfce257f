"""Plans for what is installed: adopt, release, update, upgrade Python, install again."""
