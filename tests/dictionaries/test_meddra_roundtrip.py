"""Any valid tree, written as a release and read back, is the same tree."""

from __future__ import annotations

from dataclasses import dataclass

from asc_release import AscFiles, llt, pt, soc, upper
from hypothesis import given, settings
from hypothesis import strategies as st

from dictionaries.loading import import_release
from dictionaries.model import Dictionary

#: Anything but the separator, control characters and unpaired surrogates; no blanks at the ends.
NAMES = st.text(
    st.characters(exclude_characters="$\ufffd\ufeff", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs")),
    min_size=1,
    max_size=12,
)


@dataclass
class Tree:
    """PT n has the primary path through HLT ``primary[n]`` and perhaps one through ``secondary[n]``."""

    names: dict[str, str]
    hlgt_of: list[int]
    soc_of: list[int]
    primary: list[int]
    secondary: list[int | None]
    llts: list[tuple[int, bool]]


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    socs = draw(st.integers(1, 3))
    soc_of = [*range(socs), *draw(st.lists(st.integers(0, socs - 1), max_size=2))]
    hlgt_of = [*range(len(soc_of)), *draw(st.lists(st.integers(0, len(soc_of) - 1), max_size=2))]
    hlts = len(hlgt_of)
    primary = [*range(hlts), *draw(st.lists(st.integers(0, hlts - 1), max_size=4))]
    secondary = [
        other if other != own else None
        for own, other in zip(
            primary,
            draw(st.lists(st.integers(0, hlts - 1), min_size=len(primary), max_size=len(primary))),
            strict=True,
        )
    ]
    llts = draw(st.lists(st.tuples(st.integers(0, len(primary) - 1), st.booleans()), max_size=5))
    codes = [
        *(f"9{n:03}" for n in range(socs)),
        *(f"7{n:03}" for n in range(len(soc_of))),
        *(f"5{n:03}" for n in range(hlts)),
        *(f"1{n:03}" for n in range(len(primary))),
        *(f"2{n:03}" for n in range(len(llts))),
    ]
    names = draw(st.lists(NAMES, min_size=len(codes), max_size=len(codes)))
    return Tree(dict(zip(codes, names, strict=True)), hlgt_of, soc_of, primary, secondary, llts)


def paths_of(tree: Tree) -> list[tuple[str, bool, str, str, str]]:
    found = []
    for number, (own, other) in enumerate(zip(tree.primary, tree.secondary, strict=True)):
        for hlt, primary in ((own, True), (other, False)):
            if hlt is not None:
                hlgt = tree.hlgt_of[hlt]
                codes = (f"5{hlt:03}", f"7{hlgt:03}", f"9{tree.soc_of[hlgt]:03}")
                found.append((f"1{number:03}", primary, *codes))
    return found


def files_of(tree: Tree) -> AscFiles:
    name, paths = tree.names, paths_of(tree)
    soc_of_pt = {code: path[2] for code, primary, *path in paths if primary}
    pts = [f"1{number:03}" for number in range(len(tree.primary))]
    return AscFiles(
        {
            "llt.asc": [llt(code, name[code], code) for code in pts]
            + [
                llt(f"2{n:03}", name[f"2{n:03}"], f"1{pt_number:03}", "Y" if current else "N")
                for n, (pt_number, current) in enumerate(tree.llts)
            ],
            "pt.asc": [pt(code, name[code], soc_of_pt[code]) for code in pts],
            "hlt.asc": [upper(f"5{n:03}", name[f"5{n:03}"]) for n in range(len(tree.hlgt_of))],
            "hlgt.asc": [upper(f"7{n:03}", name[f"7{n:03}"]) for n in range(len(tree.soc_of))],
            "soc.asc": [soc(code, name[code], "Ab") for code in name if code.startswith("9")],
            "hlt_pt.asc": sorted({f"{hlt}${code}$" for code, _, hlt, _, _ in paths}),
            "hlgt_hlt.asc": sorted({f"{hlgt}${hlt}$" for _, _, hlt, hlgt, _ in paths}),
            "soc_hlgt.asc": sorted({f"{top}${hlgt}$" for _, _, _, hlgt, top in paths}),
            "mdhier.asc": [
                f"{code}${hlt}${hlgt}${top}${name[code]}${name[hlt]}${name[hlgt]}${name[top]}"
                f"$Ab$${soc_of_pt[code]}${'Y' if primary else 'N'}$"
                for code, primary, hlt, hlgt, top in paths
            ],
        }
    )


@settings(max_examples=15, deadline=None)
@given(tree=trees())
def test_tree_to_files_to_import_is_the_same_tree(tmp_path_factory, tree):
    folder = tmp_path_factory.mktemp("tree")
    files_of(tree).write(folder / "files", newline="\r\n")
    release = import_release(folder / "files", folder / "stored", name="Tree", version="1")
    dictionary = Dictionary.open(folder / "stored" / "Tree" / "1-English")
    assert dictionary.release == release

    paths = dictionary.paths[["code", "primary", "HLT_code", "HLGT_code", "SOC_code"]]
    assert sorted(map(tuple, paths.to_numpy().tolist())) == sorted(paths_of(tree))
    terms = dictionary.terms
    assert dict(zip(terms["code"], terms["text"], strict=True)) == tree.names
    found = {code: (row.PT_code, row.status) for code, row in dictionary.primary_paths.iterrows()}
    expected = {f"1{n:03}": (f"1{n:03}", "current") for n in range(len(tree.primary))}
    for n, (number, current) in enumerate(tree.llts):
        expected[f"2{n:03}"] = (f"1{number:03}", "current" if current else "noncurrent")
    assert found == expected
    for code, row in dictionary.primary_paths.iterrows():
        assert (tree.names[code], tree.names[row.PT_code]) == (row.LLT, row.PT)
        assert tuple(tree.names[row[f"{level}_code"]] for level in ("HLT", "HLGT", "SOC")) == (
            row.HLT,
            row.HLGT,
            row.SOC,
        )
