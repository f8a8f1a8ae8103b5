"""The Discord channel against its stand-in."""
