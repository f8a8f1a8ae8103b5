"""The worker looks for this module of litellm's."""
