"""What must survive: inbox, outbox, sessions and owners, in one SQLite file on the state volume."""
