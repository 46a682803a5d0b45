"""Pages show what their code prints; numbers may differ, as last digits do between processors."""

from __future__ import annotations

import pytest
from docs.builder.outputs import DOCS, alike, blocks, printed, showing


@pytest.mark.parametrize("page", showing(), ids=lambda page: str(page.relative_to(DOCS)))
def test_what_a_page_shows_is_what_it_prints(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    differing = [
        f"{page}:{block.line} shows\n{block.shown}and prints\n{now}"
        for block, now in printed(page)
        if block.place and not alike(block.shown, now)
    ]
    assert not differing, "\n".join([*differing, "python -m docs.builder.outputs writes what is printed now"])


PAGE = """
```python
print(1 + 1)
```

```text
3
```

```python torch
import torch
```

Words.

```text
no output
```
"""


def test_the_text_right_behind_a_block_is_what_it_shows(tmp_path):
    (only,) = blocks(PAGE)
    assert (only.shown, only.line, PAGE[slice(*only.place)]) == ("3\n", 3, "3\n")
    (tmp_path / "page.md").write_text(PAGE)
    assert [now for _, now in printed(tmp_path / "page.md")] == ["2\n"]


def test_texts_are_alike_but_for_numbers_and_frames():
    assert alike("error 1.5e-03 │ 12 %\n", "error 0.25 │ 9 %  \n")
    assert not alike("error 1.5\n", "errors 1.5\n") and not alike("", "1\n")
