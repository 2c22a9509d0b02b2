"""Write a release as plain CSV files, so that any program can load it without ours.

* ``names.csv``: ``code, name, name_type, status, drug_code``, every name that can be coded to;
* ``drugs.csv``: ``code, drug, kind, ingredients, routes, class, group, area`` by the primary class,
  several values of a cell separated by ``|``;
* ``drug_classes.csv``: ``code, primary, class, group, area``, every class of every drug;
* ``ambiguous_names.csv``: ``name, drug_code``, trade names that mean several products.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from dictionaries.content import ReleaseContent
from schemas.tables import text_frame, write_csv


def write_plain_files(content: ReleaseContent, folder: Path) -> None:
    """Write the four files, each sorted by code (or name)."""
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(_names(content), folder / "names.csv")
    classes = _classes(content)
    write_csv(_drugs(content, classes), folder / "drugs.csv")
    write_csv(classes, folder / "drug_classes.csv")
    facts = content.attributes
    ambiguous = facts[facts["name"] == "ambiguous name"].sort_values(["value", "code"])
    write_csv(
        text_frame({"name": ambiguous["value"], "drug_code": ambiguous["code"]}),
        folder / "ambiguous_names.csv",
    )


def _level(content: ReleaseContent, level: str) -> pd.DataFrame:
    return content.terms[content.terms["level"] == level].sort_values("code", ignore_index=True)


def _names(content: ReleaseContent) -> pd.DataFrame:
    rows, facts = _level(content, "NAME"), content.attributes
    kinds = facts[facts["name"] == "name type"].set_index("code")["value"]
    return text_frame(
        {
            "code": rows["code"],
            "name": rows["text"],
            "name_type": rows["code"].map(kinds),
            "status": rows["status"],
            "drug_code": rows["parent"],
        }
    )


def _classes(content: ReleaseContent) -> pd.DataFrame:
    paths = content.paths.sort_values(["code", "primary", "CLASS_code"], ascending=[True, False, True])
    columns = {"code": paths["code"], "primary": paths["primary"].map({True: "Y", False: "N"})}
    for level in ("CLASS", "GROUP", "AREA"):
        texts = _level(content, level).set_index("code")["text"]
        columns[level.lower()] = paths[f"{level}_code"].map(texts)
    return text_frame(columns)


def _drugs(content: ReleaseContent, classes: pd.DataFrame) -> pd.DataFrame:
    rows, facts = _level(content, "DRUG"), content.attributes
    facts = facts[facts["level"] == "DRUG"].assign(what=lambda frame: frame["name"].str.split(" ").str[0])
    primary = classes[classes["primary"] == "Y"].set_index("code")
    columns = {"code": rows["code"], "drug": rows["text"]}
    for column, what in (("kind", "kind"), ("ingredients", "ingredient"), ("routes", "route")):
        values = facts[facts["what"] == what].groupby("code")["value"].agg("|".join)
        columns[column] = rows["code"].map(values).fillna("")
    for level in ("class", "group", "area"):
        columns[level] = rows["code"].map(primary[level])
    return text_frame(columns)
