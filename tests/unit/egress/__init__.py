"""The egress proxy, its rules and the loopback forwarder, over real sockets in network namespaces of their own."""
