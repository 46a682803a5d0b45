"""The ``elman`` command, which is ``python -m elman`` too."""

from elman.starting import begin


def main() -> None:
    """Run a command; while it loads, too, Ctrl-C and SIGTERM end it with a line."""
    begin()
    from elman.cli import main as run

    run()


if __name__ == "__main__":
    main()
