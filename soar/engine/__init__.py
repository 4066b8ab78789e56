"""The pure interpreter: state and event in, new state and commands out. No input, no output, no clock."""
