"""Turns text with markup into text and entities, and refuses what the service refuses.

Rules and wording follow `parse_html`, `parse_markdown_v2` and `parse_markdown` of tdlib/td; offsets and lengths of
entities count UTF-16 units, positions in refusals count bytes of UTF-8.
"""
