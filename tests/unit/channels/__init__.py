"""The channels, over real sockets."""
