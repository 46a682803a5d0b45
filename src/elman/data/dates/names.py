"""Names of months and weekdays as tables write them, without accents and in lower case; abbreviations of zones."""

from __future__ import annotations

import unicodedata

# twelve full names a language, then twelve abbreviations
MONTHS: list[list[str]] = [
    "January February March April May June July August September October November December".split(),
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
    "Jan Feb Mar Apr May June July Aug Sept Oct Nov Dec".split(),
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
    "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez".split(),
    "Jän Feb Mrz Apr Mai Juni Juli Aug Sept Okt Nov Dez".split(),
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
    "janv févr mars avr mai juin juil août sept oct nov déc".split(),
    "jan fév mar avr mai jun jul aoû sep oct nov déc".split(),
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
    "ene feb mar abr may jun jul ago sep oct nov dic".split(),
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split(),
    "gen feb mar apr mag giu lug ago set ott nov dic".split(),
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro".split(),
    "jan fev mar abr mai jun jul ago set out nov dez".split(),
    "januari februari maart april mei juni juli augustus september oktober november december".split(),
    "jan feb mrt apr mei jun jul aug sep okt nov dec".split(),
    "januari februari mars april maj juni juli augusti september oktober november december".split(),
    "jan feb mar apr maj jun jul aug sep okt nov dec".split(),
    "januar februar marts april maj juni juli august september oktober november december".split(),
]

_WEEKDAYS = """
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed weds thu thur thurs fri sat sun
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
    lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim
    lunes martes miercoles jueves viernes sabado domingo mie jue vie sab dom
    lunedi martedi mercoledi giovedi venerdi gio
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo
"""

# hours ahead of UTC; letters that several zones share (IST, CST in Asia) are left out or take their usual sense
ABBREVIATIONS: dict[str, int] = (
    {"z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2}
    | {"eet": 2, "eest": 3, "msk": 3, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13}
    | {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
    | {"akst": -9, "akdt": -8, "hst": -10, "sast": 2}
)


def plain(text: str) -> str:
    """A name in lower case and without accents.

    Examples
    --------
    >>> plain("Août"), plain("März")
    ('aout', 'marz')
    """
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).lower()


MONTH_OF: dict[str, int] = {plain(name): i + 1 for names in MONTHS for i, name in enumerate(names)}
MONTH_OF |= {"maerz": 3, "jaenner": 1, "janner": 1, "sept": 9}
WEEKDAYS = frozenset(_WEEKDAYS.split())
