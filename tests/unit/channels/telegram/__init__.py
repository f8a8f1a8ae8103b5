"""The Telegram channel against its stand-in."""
