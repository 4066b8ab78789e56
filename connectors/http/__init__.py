"""Any product with an HTTP API."""
