"""What the deploy does to a host, one folder a role; `deploy.py` calls them in order."""
