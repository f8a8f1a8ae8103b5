"""What must survive: inbox, outbox, sessions, owners and the audit log, in one SQLite file on the state volume."""
