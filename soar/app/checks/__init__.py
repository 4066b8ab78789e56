"""What an installation has to fulfil before it is served: one list, for the start and for `soar doctor`."""
