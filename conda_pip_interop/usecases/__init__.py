"""What a person can ask for, one module a command: snapshot, plan, apply."""
