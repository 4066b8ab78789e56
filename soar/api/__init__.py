"""The HTTP face: JSON API, webhooks in, the event stream, and the web pages."""
