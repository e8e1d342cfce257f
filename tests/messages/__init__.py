"""Every help text and every error message, in files to be reviewed."""
