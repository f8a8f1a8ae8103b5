"""The pure parts of the lab, and those that loopback is enough for."""
