"""What people ask an assistant to run every day, and what it must print: for the seccomp tracer and for a test."""
