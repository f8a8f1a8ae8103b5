"""What several roles need: names, facts, operations, the container's specification and its comparison."""
