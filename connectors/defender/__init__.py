"""Microsoft Defender for Endpoint: what ran on a machine, and taking it off the network."""
