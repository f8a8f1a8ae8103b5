"""The Slack channel against its stand-in."""
