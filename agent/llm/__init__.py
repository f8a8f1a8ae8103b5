"""The model's side of the gateway: one client for OpenAI chat completions, and its errors."""
