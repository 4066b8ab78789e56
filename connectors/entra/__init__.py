"""Microsoft Entra ID: accounts and their sessions, through Microsoft Graph."""
