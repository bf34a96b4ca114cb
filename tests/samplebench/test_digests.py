"""Digests: of content alone, and the same for equal content."""

import hashlib

import pytest

from samplebench.digests import digest_of, digest_of_data, digest_of_file


def test_every_digest_is_the_start_of_sha_256_of_the_content(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"one two")
    expected = hashlib.sha256(b"one two").hexdigest()[:16]
    assert digest_of("one two") == digest_of("one", b" two") == digest_of_file(file) == expected


def test_text_that_no_encoding_has_can_be_digested():
    assert digest_of("\udcff") != digest_of("\udcfe")


def test_data_have_one_digest_in_any_order_of_their_keys():
    assert digest_of_data({"a": 1, "b": [2]}) == digest_of_data({"b": [2], "a": 1})
    assert digest_of_data({"a": 1}) != digest_of_data({"a": 2})


def test_a_digest_is_of_what_it_is_given_and_guesses_nothing_from_texts(tmp_path):
    file = tmp_path / "weights"
    file.write_text("one")
    data, content = digest_of_data({"weights": str(file)}), digest_of_file(file)
    file.write_text("two")
    assert digest_of_data({"weights": str(file)}) == data
    assert digest_of_file(file) != content
    with pytest.raises(TypeError, match="not JSON serializable"):
        digest_of_data({"weights": file})
