"""Slack, through slack_sdk."""
