"""The open drug dictionary: medicines and other treatments, of the project's own making, CC0.

``source/`` is written by people. ``releases/`` has what :mod:`dictionaries.open_drugs.build` made of
it, one folder per release, ``release_files/`` the same as plain CSV for other programs, and
``changes/`` what each release changed in the one before.
"""

from pathlib import Path

NAME, VERSION, PREVIOUS = "open_drugs", "0.1", None

FOLDER = Path(__file__).parent
SOURCE_FOLDER = FOLDER / "source"
RELEASE_FOLDER = FOLDER / "releases" / VERSION
PREVIOUS_FOLDER = None if PREVIOUS is None else FOLDER / "releases" / PREVIOUS
RELEASE_FILES_FOLDER = FOLDER / "release_files" / VERSION
CHANGES_FILE = FOLDER / "changes" / f"{VERSION}.csv"
