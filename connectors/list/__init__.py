"""The lists that people keep."""
