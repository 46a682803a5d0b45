"""stub"""


def section() -> str:
    return ""
