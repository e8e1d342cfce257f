"""conda and pip answer each other until both agree on who installs what."""
