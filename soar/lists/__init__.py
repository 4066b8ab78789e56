"""Lists that playbooks look values up in: what an entry covers, and how entries come and go."""
