"""GreyNoise: who scans the whole Internet, and who is known to be harmless."""
