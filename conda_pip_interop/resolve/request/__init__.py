"""What is requested: the command line, the files that it names, and what was requested before."""
