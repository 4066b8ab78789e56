"""What comes in, as pydantic models that refuse what they do not know, and what goes out, field by field."""
