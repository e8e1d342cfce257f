"""From argv to one executed command: parse, suggest, run, print."""
