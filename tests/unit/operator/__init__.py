"""What the operator's machine does before and beside a deploy."""
