"""Exchange Online: messages in mailboxes, through Microsoft Graph."""
