"""The README's pictures, made from the real thing: a conversation with the deployed assistant, the compliance page."""
