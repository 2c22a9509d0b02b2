"""One file per verb: an operation puts the rooms together. Flows and the terminal call only these."""
