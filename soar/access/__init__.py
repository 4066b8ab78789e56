"""Who may do what, and why not: permissions, roles, decisions and the shape of API tokens. Pure."""
