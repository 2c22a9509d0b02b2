"""From a verbatim to ranked, explained dictionary terms."""
