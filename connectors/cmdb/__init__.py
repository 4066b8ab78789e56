"""An asset inventory that answers JSON over HTTP."""
