"""The sandbox: PID 1 of the container that runs the model's commands, and the gateway's link to it."""
