"""The only place that runs pip. `interface` says what the use cases need of an installer."""
