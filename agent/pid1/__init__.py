"""What the small main processes of `picoclaw-sandbox` and `picoclaw-llm` share; little, and standard library only."""
