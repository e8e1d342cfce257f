"""How long things take, held against what is promised: `make bench`."""
