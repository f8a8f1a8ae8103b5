"""OpenAI's chat completions, as OpenAI and OpenRouter speak them."""
