"""Works are found by their numbers, however these are written."""

import pytest

from samplebench.citing.works import find_works, split_reference


@pytest.mark.parametrize(
    ("text", "works"),
    [
        ("A Title (Author, 2013), arXiv:1312.6114", {"arxiv:1312.6114"}),
        ("https://arxiv.org/abs/1312.6114v3.", {"arxiv:1312.6114"}),
        ("https://arxiv.org/pdf/1312.6114", {"arxiv:1312.6114"}),
        ("arXiv:math/0102003", {"arxiv:math/0102003"}),
        ("doi:10.48550/arXiv.1312.6114", {"arxiv:1312.6114"}),
        ("doi:10.1109/5.726791.", {"doi:10.1109/5.726791"}),
        ("(https://doi.org/10.24432/C50P49)", {"doi:10.24432/c50p49"}),
        ("doi:10.1023/B:VISI.0000029664.99615.94", {"doi:10.1023/b:visi.0000029664.99615.94"}),
        ("a forum, https://openreview.net/forum?id=X.", {"https://openreview.net/forum?id=X"}),
        ("arXiv:1607.04430, doi:10.1/x", {"arxiv:1607.04430"}),
        ("arXiv:1607.04430, doi:10.1016/x", {"arxiv:1607.04430", "doi:10.1016/x"}),
        ("A Book (Author, 1987), pages 10.1000 and 1312.6114", set()),
    ],
)
def test_a_number_is_found_as_it_is_usually_written(text, works):
    assert find_works(text) == works


def test_sources_with_a_value_in_quotes_hold_for_parts_with_that_setting():
    text = 'One (A, 2001), arXiv:0101.0001; "b": Two (B, 2002), arXiv:0202.00022'
    one, two = "One (A, 2001), arXiv:0101.0001", "Two (B, 2002), arXiv:0202.00022"
    assert [s.text for s in split_reference(text, {"kind": "b"})] == [one, two]
    assert [s.text for s in split_reference(text, {"kind": "a", "b": 1})] == [one]
