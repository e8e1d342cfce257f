"""Write the files anew: `python -m tests.messages`."""

from tests.messages.collect import FILES

for file, collect in FILES.items():
    file.write_text(collect(), encoding="utf-8")
