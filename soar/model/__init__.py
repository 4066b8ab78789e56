"""The nouns of the field: plain, frozen data and the protocols behind which the world stands. Nothing here acts."""
