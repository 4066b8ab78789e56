"""People who come from an identity provider: OpenID Connect, and the directory that SCIM keeps."""
