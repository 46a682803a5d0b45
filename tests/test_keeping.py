"""What is kept, whatever happens."""

from elman.keeping import attempted


def test_what_fails_to_be_drawn_is_a_note():
    assert attempted("picture", lambda: b"x") == (b"x", [])
    made, notes = attempted("picture", lambda: 1 / 0)
    assert made is None and notes == ["there is no picture: ZeroDivisionError: division by zero"]
