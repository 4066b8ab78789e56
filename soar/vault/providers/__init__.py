"""Where key-encryption keys can live, each behind `soar.vault.keys.KeyProvider`."""
