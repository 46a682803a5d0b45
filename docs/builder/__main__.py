"""`python -m docs.builder FOLDER`: the sources of the site."""

import sys
from pathlib import Path

from docs.builder.commands import write_commands
from docs.builder.front import write_front
from docs.builder.gallery import write_gallery
from docs.builder.reference import write_reference
from docs.builder.stage import Stage, copy_documents
from docs.builder.studies import write_studies


def main(folder: Path) -> None:
    stage = Stage(folder)
    for write in (copy_documents, write_front, write_reference, write_commands, write_gallery, write_studies):
        write(stage)
    stage.sweep()
    print(f"{len(stage.written)} sources in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
