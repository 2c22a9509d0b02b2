"""How the open dictionaries are written: compact sources that people edit, and releases made of them.

What both dictionaries share: reading source rows, codes that stay, wordings that belong to one
term, the change log between releases, and the review listing.
"""
