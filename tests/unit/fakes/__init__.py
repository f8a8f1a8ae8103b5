"""The stand-ins speak the real protocols and refuse what the services refuse."""
