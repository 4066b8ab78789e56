"""What each page of the reference is written from."""
