"""What an environment contains, written as files that other tools read. Writes nothing itself."""
