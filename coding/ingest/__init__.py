"""From source files to one form table per domain, checked row by row."""
