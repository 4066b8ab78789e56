"""From a request to a hook to alerts that are stored, and runs that are asked for in the same transaction."""
