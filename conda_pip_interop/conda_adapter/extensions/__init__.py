"""What we add to commands of conda: formats, health checks, hints."""
