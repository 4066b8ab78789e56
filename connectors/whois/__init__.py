"""Who registered a domain, and when."""
