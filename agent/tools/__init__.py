"""What the model can order; every tool acts in the sandbox, none in the gateway."""
