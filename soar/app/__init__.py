"""The composition root: settings in, a running service out. The real clock, ids, randomness, disk and log live here."""
