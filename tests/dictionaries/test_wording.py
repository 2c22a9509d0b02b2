"""Spelling twins, plurals and word orders, by cases and by properties."""

from __future__ import annotations

import csv
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dictionaries.wording import (
    IRREGULAR_PLURALS,
    WORD_GROUPS_FILE,
    plural,
    plural_variants,
    sentence_case,
    singular,
    spelling_pairs,
    spelling_twins,
    to_uk,
    to_us,
    word_group,
    word_orders,
    wording_key,
)


@pytest.mark.parametrize(
    ("uk", "us"),
    [
        ("Anaemia", "Anemia"),
        ("ANAEMIA", "ANEMIA"),
        ("Iron deficiency anaemia", "Iron deficiency anemia"),
        ("Oedema of leg", "Edema of leg"),
        ("Diarrhoea haemorrhagic", "Diarrhea hemorrhagic"),
        ("Dyspnoea", "Dyspnea"),
        ("Gastrooesophageal reflux disease", "Gastroesophageal reflux disease"),
        ("Oesophagitis", "Esophagitis"),
        ("Haematoma", "Hematoma"),
        ("Haemoglobin decreased", "Hemoglobin decreased"),
        ("Hypoglycaemia", "Hypoglycemia"),
        ("Leucocytosis", "Leukocytosis"),
        ("Leukaemia", "Leukemia"),
        ("Tumour", "Tumor"),
        ("Behaviour change", "Behavior change"),
        ("Discoloured urine", "Discolored urine"),
        ("Faecal incontinence", "Fecal incontinence"),
        ("Foetal death", "Fetal death"),
        ("Coeliac disease", "Celiac disease"),
        ("Localised infection", "Localized infection"),
        ("Generalised oedema", "Generalized edema"),
        ("Paraesthesia", "Paresthesia"),
        ("Anaesthesia", "Anesthesia"),
        ("Orthopaedic operation", "Orthopedic operation"),
        ("Motor neurone disease", "Motor neuron disease"),
        ("Caesarean section", "Cesarean section"),
        ("Goitre", "Goiter"),
        ("Ischaemic stroke", "Ischemic stroke"),
        ("Labour pain", "Labor pain"),
        ("Abdominal distension", "Abdominal distention"),
        ("Product labelled wrongly", "Product labeled wrongly"),
    ],
)
def test_spelling_there_and_back(uk: str, us: str) -> None:
    assert (to_us(uk), to_uk(us)) == (us, uk)
    assert (to_uk(uk), to_us(us)) == (uk, us)
    assert [(twin.text, twin.rule) for twin in spelling_twins(uk)] == [(us, "us_spelling")]
    assert [(twin.text, twin.rule) for twin in spelling_twins(us)] == [(uk, "uk_spelling")]


@pytest.mark.parametrize(
    "text",
    [
        "Angioedema",
        "Haemophilus infection",
        "Colorectal cancer",
        "Elaborate dream",
        "Collaboration",
        "Chemotherapy",
        "Theme",
        "Prosthesis",
        "Sepsis",
        "Headache",
        "Pneumonia",
        "Off label use",
        "Organism",
        "Characteristic finding",
    ],
)
def test_the_same_on_both_sides(text: str) -> None:
    assert spelling_twins(text) == ()


def test_the_table_of_spellings_is_sorted_and_means_one_thing() -> None:
    pairs = spelling_pairs()
    assert list(pairs) == sorted(pairs)
    assert {place for _, _, place in pairs} <= {"word", "start", "inside"}
    assert len({uk for uk, _, _ in pairs}) == len(pairs)
    for uk, us, _ in pairs:
        assert (uk, us) == (uk.lower(), us.lower())


def test_the_table_of_word_groups_is_sorted() -> None:
    with WORD_GROUPS_FILE.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    assert header == ["group", "word"]
    assert rows == sorted(rows, key=lambda row: [(value.casefold(), value) for value in row])
    assert {row[0] for row in rows} == {
        "counted", "fixed_first", "head", "name", "not_plural", "qualifier",
    }  # fmt: skip
    assert {"oedema", "edema", "tumour", "tumor"} <= word_group("head")
    assert {"bartholin", "helicobacter"} <= word_group("name")


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("headache", "headaches"), ("rash", "rashes"), ("biopsy", "biopsies"), ("allergy", "allergies"),
        ("metastasis", "metastases"), ("thrombosis", "thromboses"), ("stenosis", "stenoses"),
        ("diagnosis", "diagnoses"), ("crisis", "crises"), ("prosthesis", "prostheses"), ("tooth", "teeth"),
        ("foot", "feet"), ("abscess", "abscesses"), ("virus", "viruses"), ("bolus", "boluses"),
        ("sinus", "sinuses"), ("fetus", "fetuses"), ("embolus", "emboli"), ("itch", "itches"),
        ("stomach", "stomachs"), ("arrhythmia", "arrhythmias"), ("hernia", "hernias"),
        ("dose", "doses"), ("nose", "noses"), ("disease", "diseases"), ("bruise", "bruises"),
        ("relapse", "relapses"), ("course", "courses"), ("case", "cases"), ("pulse", "pulses"),
        ("cause", "causes"), ("size", "sizes"), ("pain", "pains"), ("Vertebra", "Vertebrae"),
    ],
)  # fmt: skip
def test_plural_and_back(one: str, many: str) -> None:
    assert plural(one) == many
    assert singular(many) == one


@pytest.mark.parametrize(
    "word",
    ["diabetes", "measles", "herpes", "scabies", "mumps", "rabies", "ascites", "caries", "pancreas", "biceps",
     "arthritis", "sepsis", "psoriasis", "pus", "gas", "abscess", "virus", "fibrous", "rash", "AIDS"],
)  # fmt: skip
def test_words_that_only_look_like_a_plural(word: str) -> None:
    assert singular(word) == word


@given(st.sampled_from(sorted(word_group("counted") | set(IRREGULAR_PLURALS))))
def test_singular_undoes_plural(word: str) -> None:
    assert singular(plural(word)) == word
    assert plural(sentence_case(word)) == sentence_case(plural(word))


@pytest.mark.parametrize(
    ("text", "variants"),
    [
        ("Kidney stone", [("Kidney stones", "plural")]),
        ("Bad dreams", [("Bad dream", "singular")]),
        ("Rash", [("Rashes", "plural")]),
        ("Muscle tumor", [("Muscle tumors", "plural")]),
        ("Nausea", []),
        ("Diabetes", []),
        ("Clot in vein", []),
        ("Loss of tooth", []),
        ("Abscess wound", []),
    ],
)
def test_plural_variants(text: str, variants: list[tuple[str, str]]) -> None:
    assert [(variant.text, variant.rule) for variant in plural_variants(text)] == variants


@pytest.mark.parametrize(
    ("text", "variants"),
    [
        ("Abdominal pain", [("Pain abdominal", "head_first")]),
        ("Pain, abdominal", [("Abdominal pain", "comma")]),
        ("Acute bronchitis", [("Bronchitis acute", "qualifier_last")]),
        ("Bronchitis acute", [("Acute bronchitis", "qualifier_first")]),
        ("Chronic renal failure", [("Renal failure chronic", "qualifier_last")]),
        ("Fracture of femur", [("Femur fracture", "of_phrase")]),
        ("Fracture of the left femur", [("Left femur fracture", "of_phrase")]),
        ("AV obstruction", [("Obstruction AV", "head_first")]),
        ("Bartholin abscess", [("Abscess Bartholin", "head_first")]),
        ("Barber's rash", []),
        ("COVID-19 infection", [("Infection COVID-19", "head_first")]),
        ("Growing pain", []),
        ("No pain", []),
        ("Heart burn", []),
        ("Pain swelling", []),
        ("Headache", []),
        ("Acute chronic", []),
        ("Pain, abdominal, severe", []),
        ("Pain,", []),
        ("Shortness of breath", []),
        ("Upper respiratory tract infection", []),
    ],
)
def test_word_orders(text: str, variants: list[tuple[str, str]]) -> None:
    assert [(variant.text, variant.rule) for variant in word_orders(text)] == variants


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Crohn's  disease", "crohns disease"),
        ("Crohn\u2019s disease", "crohns disease"),
        ("X-ray abnormal", "x ray abnormal"),
        ("NON-CARDIAC chest pain ", "non cardiac chest pain"),
        ("Attention deficit/hyperactivity disorder", "attention deficit hyperactivity disorder"),
        ("K+ low", "k+ low"),
        ("", ""),
    ],
)
def test_wording_key(text: str, key: str) -> None:
    assert wording_key(text) == key


@given(st.text())
def test_the_key_of_a_key_is_itself_for_plain_text(text: str) -> None:
    key = wording_key(text)
    assert key == " ".join(key.split())
    assert wording_key(key) == key or not text.isascii()


WORDS = st.lists(
    st.sampled_from(["acute", "pain", "of", "the", "heart", "oedema", "tumor", "stones", "AV", "Bell's"]),
    min_size=1,
    max_size=4,
).map(" ".join)


@given(WORDS)
def test_word_orders_keep_the_words(text: str) -> None:
    def words(value: str) -> list[str]:
        return sorted(re.sub(r"\b(of|the)\b", " ", value.lower()).split())

    for variant in word_orders(text):
        assert words(variant.text) == words(text)
        assert wording_key(variant.text) != wording_key(text) or len(set(words(text))) == 1


@given(WORDS)
def test_spelling_is_settled_after_one_step(text: str) -> None:
    assert to_uk(to_uk(text)) == to_uk(text)
    assert to_us(to_uk(text)) == to_us(text)
