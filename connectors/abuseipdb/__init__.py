"""AbuseIPDB: what people report of addresses."""
