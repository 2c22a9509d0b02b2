"""The indexes that the tests match over, each built once."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from made_dictionary import LOW, requests_of, rules_of, store

from coding.matching.engine import Matches, MatchRules, match_requests
from coding.matching.index import MatchIndex, build_index
from dictionaries.model import Dictionary
from dictionaries.open_events import MEASURED_FOLDER

Match = Callable[..., Matches]


@pytest.fixture(scope="session")
def dictionary(tmp_path_factory: pytest.TempPathFactory) -> Dictionary:
    return store(tmp_path_factory.mktemp("release"), LOW)


@pytest.fixture(scope="session")
def open_events() -> MatchIndex:
    """The index of the open event dictionary that the matcher is measured with."""
    return build_index(Dictionary.open(MEASURED_FOLDER))


@pytest.fixture(scope="session")
def index(dictionary: Dictionary) -> MatchIndex:
    return build_index(dictionary)


@pytest.fixture
def match(index: MatchIndex) -> Match:
    """Match verbatims: ``match(["Headache"], rules_of(...), serious=True)``."""

    def run(verbatims: list[str], rules: MatchRules | None = None, **columns: object) -> Matches:
        return match_requests(requests_of(verbatims, **columns), index, rules or rules_of())

    return run


@pytest.fixture(scope="session")
def index_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., MatchIndex]:
    """An index over terms that are all preferred terms, coded 101, 102 … in their order.

    ``index_of("Rash", "Fever")``, or with classes: ``index_of(**{"Rash": "Skin"})``.
    """

    def build(*names: str, **classes: str) -> MatchIndex:
        every = [*names, *classes]
        codes = {name: str(101 + at) for at, name in enumerate(every)}
        low = [(code, name, code, "current") for name, code in codes.items()]
        named = {codes[name]: text for name, text in classes.items()} if classes else None
        return build_index(store(tmp_path_factory.mktemp("release"), low, classes=named))

    return build


@pytest.fixture
def rules() -> Callable[..., MatchRules]:
    return rules_of


@pytest.fixture
def stored() -> Callable[..., Dictionary]:
    return store


@pytest.fixture
def asked() -> Callable[..., pd.DataFrame]:
    return requests_of
