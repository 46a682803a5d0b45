"""What `elman lab` has of others: uPlot and KaTeX from npm's packages, without fonts that no equation needs.

npm pack uplot@1.6.32 katex@0.19.1 && python packaging/vendor_lab.py uplot-1.6.32.tgz katex-0.19.1.tgz
"""

from __future__ import annotations

import re
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).parent.parent / "src" / "elman" / "lab" / "static" / "vendor"
FONTS = ("AMS-Regular", "Main-Regular", "Main-Bold", "Main-Italic", "Math-Italic", "Size1-Regular", "Size2-Regular")
FONTS = (*FONTS, "Size3-Regular", "Size4-Regular")
FILES = {
    "uplot": ("dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE"),
    "katex": ("dist/katex.min.js", "LICENSE", *(f"dist/fonts/KaTeX_{font}.woff2" for font in FONTS)),
}


def only_woff2(css: str) -> str:
    """KaTeX's style sheet with the fonts that are here, each in one form."""

    def face(found: re.Match[str]) -> str:
        kept = re.search(r"url\(fonts/KaTeX_([\w-]+)\.woff2\)", found.group())
        if kept is None or kept.group(1) not in FONTS:
            return ""
        return re.sub(r"src:[^;}]*", f'src:url(KaTeX_{kept.group(1)}.woff2) format("woff2")', found.group())

    return re.sub(r"@font-face\{[^}]*\}", face, css)


def main() -> None:
    for archive in sys.argv[1:]:
        name = Path(archive).name.partition("-")[0]
        with tarfile.open(archive) as files:
            for path in FILES[name]:
                target = f"{name}.LICENSE" if path == "LICENSE" else Path(path).name
                (HERE / target).write_bytes(files.extractfile(f"package/{path}").read())  # type: ignore[union-attr]
            if name == "katex":
                css = files.extractfile("package/dist/katex.min.css").read().decode()  # type: ignore[union-attr]
                (HERE / "katex.min.css").write_text(only_woff2(css))


if __name__ == "__main__":
    main()
