"""Every reader on inputs that nobody would write: an answer or an error of ours, and in time."""
