"""A hostile twin of litellm, put in its place in an image of `picoclaw-llm` (see tests/hostile/test_litellm.py)."""
