"""A doctor: what Elman is on a machine, and whether it works there, for reports of faults.

Nothing here loads NumPy or an engine in this process: what may be broken is tried in one of its own
(`elman.doctor.trying`), so that a module which cannot be loaded, or ends its process, is a finding like any other.
"""

from __future__ import annotations

from collections.abc import Callable

from elman.doctor import installation, settings, surroundings, trying
from elman.doctor.findings import Diagnosis, Finding, looked

SECTIONS = {
    "Elman": {"version": installation.where, "files": installation.files},
    "Machine": {
        "python": surroundings.python,
        "processor": surroundings.processor,
        "memory": surroundings.memory,
        "folders": surroundings.folders,
    },
    "Engine": {"engine": trying.engine},
    "Settings": {"settings": settings.settings},
    "Packages": {"packages": installation.packages, "extras": installation.extras},
    "Self-test": {"self-test": trying.self_test},
}


def diagnose(*, quick: bool = False, told: Callable[[str], object] = lambda what: None) -> Diagnosis:
    """Look at the installation, the machine and the settings, and test whether Elman works.

    Parameters
    ----------
    quick : bool, default False
        Leave the test out, which takes about ten seconds.
    told : function of str
        Told what is looked at next, where that takes a while.

    Returns
    -------
    Diagnosis

    Examples
    --------
    >>> diagnose(quick=True).sections["Elman"][0].name
    'version'
    """
    found: dict[str, list[Finding]] = {}
    for title, looks in SECTIONS.items():
        if title == "Self-test":
            if quick:
                continue
            told("a test of about ten seconds")
        found[title] = [one for name, look in looks.items() for one in looked(name, look)]
    return Diagnosis(found)
