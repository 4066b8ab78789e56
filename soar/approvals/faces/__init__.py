"""How each channel shows a card: one pure renderer each, which escapes that channel's markup and keeps its limits."""
