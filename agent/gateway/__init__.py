"""The gateway: the one container that holds the chat token, and the only one with a network."""
