"""Proof on the live host: every hardening control, as configured and as in effect.

Imports nothing from `roles/` or `agent/`: each control is stated here as the README states it, so that a wrong
specification cannot prove itself right. Run by `make verify` (tests/verify.py), or `pytest tests/compliance --hosts=ssh://root@HOST`.
"""
