"""The thin shell round the engine: claims a run, feeds it events, performs its commands, survives."""
