"""Faults at every write: killed, no room, no permission. Run by `make test-faults`."""
