"""pip, run as a process: its options, its configuration and its report."""
