"""What people work on: cases, opened by the first run with a key and joined by the next."""
