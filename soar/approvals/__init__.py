"""Human gates: asked, voted on, escalated and closed, each bound to the digest of what would be executed."""
