"""A local page: edit a cell's equations, train it, look into it. `elman lab` opens it; needs ``elman[lab]``.

A request passes `guard` (token, host, origin, size), `app` finds what answers it. `reading` says what a typed text is,
`tasks` what there is to learn, `tables` reads a file that was dropped, `training` runs in a thread of its own and tells
its listeners, `looking`, `horizon`, `scrubbing` and `dynamics` look at a network, `sharing` writes one file of it all,
`results` and `opened` show what other commands wrote.
"""

from elman.lab.serving import serve

__all__ = ["serve"]
