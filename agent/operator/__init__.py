"""What runs on the operator's machine: setting up, checking, importing. No image holds it (roles/image/context.py)."""
