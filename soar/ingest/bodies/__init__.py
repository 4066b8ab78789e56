"""What sources send, read into documents: one for each alert. Each parser is pure: bytes in, JSON values out."""
