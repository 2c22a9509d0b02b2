"""Every table that crosses a boundary, the words used in them, and how they are read and written."""
