"""Types of settings, in words and as plain data."""

import json
from pathlib import Path
from typing import Any, Literal, Optional, Union

import pytest

from samplebench.errors import BadSetting
from samplebench.registry.hints import as_data, check_value, describe, from_data

TYPES = {
    int: ("int", [3], [3.5, "3", True, None]),
    float: ("float", [3.5, 3], ["3.5", None]),
    Optional[int]: ("int or None", [3, None], [2.5]),  # noqa: UP045 - as some plugins write it
    Union[int, Literal["bic"]]: ("int or 'bic'", [3, "bic"], ["aic"]),  # noqa: UP007 - the same
    Literal["full", "tied"]: ("'full' or 'tied'", ["tied"], ["round", None]),
    tuple[int, ...]: ("a tuple of int", [(), (1, 2)], [3, (1, "a")]),
    tuple[int, float]: ("a tuple (int, float)", [(1, 2.5)], [(1,), (1.5, 2)]),
    int | tuple[int, int]: ("int or a tuple (int, int)", [3, (1, 2)], [(1, 2, 3)]),
}


@pytest.mark.parametrize("hint", TYPES, ids=str)
def test_a_type_comes_back_from_json_and_takes_what_it_took(hint):
    words, fitting, others = TYPES[hint]
    kept = from_data(json.loads(json.dumps(as_data(hint))))
    assert describe(kept) == describe(hint) == words
    for value in fitting:
        assert check_value("sampler", "gmm", "x", value, kept) == value
    for value in others:
        with pytest.raises(BadSetting, match=r"x=.* does not fit; it takes"):
            check_value("sampler", "gmm", "x", value, kept)


@pytest.mark.parametrize("hint", [Path, Any, list[int], int | Path, tuple[Path, ...]], ids=str)
def test_a_type_that_is_not_pythons_own_is_not_kept(hint):
    assert as_data(hint) is None
