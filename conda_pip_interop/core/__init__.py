"""What is installed in a prefix, who answers for it, and what is wrong: no conda, no processes."""
