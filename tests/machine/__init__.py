"""Random sequences of commands of conda, of pip and of ours, on a real environment."""
