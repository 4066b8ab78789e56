"""Active responses: what we changed in the world, and taking it back by hand or when it expires."""
