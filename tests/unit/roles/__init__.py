"""Tests of the deploy's pure parts: no host is needed."""
