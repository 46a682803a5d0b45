"""Files and folders that are there whole or not at all, whatever fails and whoever else writes them."""

from elman.files.drafts import draft, sweep, sync_file, sync_folder
from elman.files.folders import check_writable, settle, write_folder
from elman.files.locks import Writing, check_alone
from elman.files.refusals import OUT, reason
from elman.files.temporary import close_quietly, temporary, temporary_folder
from elman.files.whole import check_file, write_whole

__all__ = [
    "OUT",
    "Writing",
    "check_alone",
    "check_file",
    "check_writable",
    "close_quietly",
    "draft",
    "reason",
    "settle",
    "sweep",
    "sync_file",
    "sync_folder",
    "temporary",
    "temporary_folder",
    "write_folder",
    "write_whole",
]
