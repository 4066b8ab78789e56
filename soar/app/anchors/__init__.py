"""The places out of our reach that signed checkpoints are put in, a module each."""
