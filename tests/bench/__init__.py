"""The budgets of the design, measured on a lab host: `make bench`."""
