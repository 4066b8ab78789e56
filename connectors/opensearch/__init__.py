"""OpenSearch: documents by a query string."""
