"""What the service does to its own runs."""
