"""One module a resource: what is done at each address."""
