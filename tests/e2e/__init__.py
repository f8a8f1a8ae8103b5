"""The whole path on a lab host: real systemd, sshd and Docker; only the chat service and the model are stand-ins."""
