"""PicoClaw: a personal AI assistant that runs commands for its owner, confined."""

__version__ = "0.1.0"
