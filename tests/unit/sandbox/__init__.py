"""The sandbox server as a real PID 1, and the gateway's link to it, over real sockets."""
