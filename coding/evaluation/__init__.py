"""How good the matcher is on what people decided: agreement, confidence, thresholds, and the page of it."""
