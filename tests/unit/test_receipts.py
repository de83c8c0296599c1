"""Receipt codes: what a misreading or a slip of the pen does to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidInputError
from gis.receipts import ALPHABET, check_character, new_receipt, read_receipt

BODIES = st.text(ALPHABET, min_size=7, max_size=7).map(lambda body: body + check_character(body))


def test_a_new_receipt_reads_back_however_it_is_written():
    receipt = new_receipt()
    assert len(receipt) == 12
    assert receipt[:3] == "LB-"
    for written in (receipt, receipt.lower(), receipt.replace("-", " "), receipt[3:]):
        assert read_receipt(written) == receipt


@given(BODIES, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(body, place, wrong):
    if body[place] == wrong:
        return
    with pytest.raises(InvalidInputError):
        read_receipt(body[:place] + wrong + body[place + 1 :])


@given(BODIES, st.integers(0, 7), st.integers(0, 7))
def test_two_exchanged_characters_are_found(body, first, second):
    letters = list(body)
    letters[first], letters[second] = letters[second], letters[first]
    if "".join(letters) == body:
        return
    with pytest.raises(InvalidInputError):
        read_receipt("".join(letters))


def test_lookalikes_are_read_as_meant():
    body = "0110110"
    receipt = read_receipt(body + check_character(body))
    assert read_receipt("lb-OIL0-IIO" + check_character(body)) == receipt


@pytest.mark.parametrize("written", ["", "LB-", "LB-7K3Q-9MH", "LB-7K3Q-9MHDX", "LB-7K3Q-9MU!"])
def test_anything_else_is_refused(written):
    with pytest.raises(InvalidInputError):
        read_receipt(written)
