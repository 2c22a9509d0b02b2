"""The open event dictionary: a dictionary of events and conditions of the project's own, CC0.

``source/`` is written by people, ``release/`` is what :mod:`dictionaries.open_events.build` makes
of it, and ``release_files/`` is the same release in the MedDRA file layout for other programs.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
SOURCE_FOLDER = FOLDER / "source"
RELEASE_FOLDER = FOLDER / "release"
RELEASE_FILES_FOLDER = FOLDER / "release_files"
