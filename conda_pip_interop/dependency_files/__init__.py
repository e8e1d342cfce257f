"""Read and write requirements.txt, pyproject.toml, pylock.toml and environment.yml."""
