"""What the lab does at most, so that no page can have this computer do anything without end."""

from __future__ import annotations

OPTIMIZERS = ("adam", "rmsprop", "sgd")
ENDED = ("stopped", "failed", "done")  # the ways in which a training stands that goes on no more
MOST_BODY = 256 * 1024  # bytes of a request
MOST_TABLE = 4 * 1024 * 1024  # bytes of a file of data that is dropped on the page
MOST_UNITS = 256
MOST_WIDTH = 4096  # of any vector in a cell
MOST_PARAMETERS = 2_000_000  # of a network
MOST_STEPS = 200  # of a sequence
MOST_ROWS = 4096  # of sequences
MOST_STATES = 512  # of all states together, where gradients are followed
MOST_DYNAMIC = 256  # the same, where all of their dynamics are looked at
MOST_FOLLOWED = 1024  # the same, where a part of them is
MOST_MODEL = 256 * 1024 * 1024  # bytes of a model's file
MOST_EPOCHS = 20_000
MOST_SECONDS = 3600.0  # of a training
MOST_SESSIONS = 6  # pages that are open at a time
ALONE = 45.0  # seconds that a training goes on while no page listens
SECONDS_A_SLICE = 0.12  # of one network's training, before the other's turn, the page's wishes and the news
SECONDS_OF_NEWS = 0.25  # at least from one piece of news to the next: each is a picture, which takes a browser's time
LOOKING = 0.01  # the share of the time that is spent looking at a training, and as much again glancing at it
SECONDS_A_LOOK = 0.5  # at least from one look to the next
