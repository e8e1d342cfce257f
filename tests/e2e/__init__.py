"""Stories with a real conda and a real pip."""
