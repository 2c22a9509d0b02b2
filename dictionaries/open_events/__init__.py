"""The open event dictionary: a dictionary of events and conditions of the project's own, CC0.

``source/`` is written by people. ``releases/`` has what :mod:`dictionaries.open_events.build` made of
it, one folder per release, and ``release_files/`` the same in the MedDRA file layout for other
programs. ``changes/`` says for each release what it changed in the one before.
"""

from pathlib import Path

NAME, VERSION, PREVIOUS = "open_events", "0.2", "0.1"

FOLDER = Path(__file__).parent
SOURCE_FOLDER = FOLDER / "source"
RELEASE_FOLDER = FOLDER / "releases" / VERSION
PREVIOUS_FOLDER = FOLDER / "releases" / PREVIOUS
RELEASE_FILES_FOLDER = FOLDER / "release_files" / VERSION
#: The release that the matcher takes further names from, and that its figures and examples are measured
#: with; a later one takes its place together with new measurements.
MEASURED_VERSION = "0.1"
MEASURED_FOLDER = FOLDER / "releases" / MEASURED_VERSION
CHANGES_FILE = FOLDER / "changes" / f"{VERSION}.csv"
