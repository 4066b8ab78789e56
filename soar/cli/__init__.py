"""The command line: what people type, sent to the public API or to `soar.app`, and what they read back."""
