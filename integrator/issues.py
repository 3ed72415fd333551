"""Codes of rejections and issues, and the text that helps a seller mend each of them.

A code is stable: it is stored, counted and linked to. Never rename one; add another.
"""

from dataclasses import dataclass

# Rejections: the record is set aside (feed guides, common rule 7) --------------------------------------------------
ID_INVALID = "ID_INVALID"
NAME_MISSING = "NAME_MISSING"
SELLER_MISSING = "SELLER_MISSING"
DATE_INVALID = "DATE_INVALID"
ROW_SHAPE = "ROW_SHAPE"
UNREADABLE = "UNREADABLE"  # the record itself is not what its kind looks like

# A page or a drop that cannot be read -------------------------------------------------------------------------------
NOT_WELL_FORMED = "NOT_WELL_FORMED"
ENCODING_INVALID = "ENCODING_INVALID"
TRUNCATED = "TRUNCATED"
HASH = "HASH"
ROWS = "ROWS"
TOO_LARGE = "TOO_LARGE"

# Issues: the field was repaired, or costs only itself ----------------------------------------------------------------
TEXT_MOJIBAKE = "TEXT_MOJIBAKE"
TEXT_LOST_LETTER = "TEXT_LOST_LETTER"
TEXT_DOUBLE_ESCAPED = "TEXT_DOUBLE_ESCAPED"
TEXT_CONTROL = "TEXT_CONTROL"
TEXT_TOO_LONG = "TEXT_TOO_LONG"
HTML_UNSAFE = "HTML_UNSAFE"
HTML_PICTURE_DROPPED = "HTML_PICTURE_DROPPED"
NAME_OTHER_SCRIPT = "NAME_OTHER_SCRIPT"
NAME_REPEATED = "NAME_REPEATED"
PRICE_UNREADABLE = "PRICE_UNREADABLE"
PRICE_PLACEHOLDER = "PRICE_PLACEHOLDER"
PRICE_RISES = "PRICE_RISES"
PRICE_SWAPPED = "PRICE_SWAPPED"
PRICE_STEPS_SORTED = "PRICE_STEPS_SORTED"
PRICE_UNIT_MISSING = "PRICE_UNIT_MISSING"
CURRENCY_UNKNOWN = "CURRENCY_UNKNOWN"
UNIT_UNKNOWN = "UNIT_UNKNOWN"
MOQ_UNREADABLE = "MOQ_UNREADABLE"
MOQ_VARIES = "MOQ_VARIES"
MOQ_SWAPPED = "MOQ_SWAPPED"
MOQ_UNIT_MISSING = "MOQ_UNIT_MISSING"
LEAD_UNREADABLE = "LEAD_UNREADABLE"
LEAD_SWAPPED = "LEAD_SWAPPED"
HS_UNREADABLE = "HS_UNREADABLE"
HS_PADDED = "HS_PADDED"
HS_PREFIX = "HS_PREFIX"
DAY_UNREADABLE = "DAY_UNREADABLE"
BRN_INVALID = "BRN_INVALID"
PHONE_UNREADABLE = "PHONE_UNREADABLE"
MAIL_UNREADABLE = "MAIL_UNREADABLE"
WEB_UNREADABLE = "WEB_UNREADABLE"
ZIP_ABOLISHED = "ZIP_ABOLISHED"
IMAGE_UNREADABLE = "IMAGE_UNREADABLE"
IMAGE_SCHEME_MISSING = "IMAGE_SCHEME_MISSING"
CODE_UNKNOWN = "CODE_UNKNOWN"
NUMBER_UNREADABLE = "NUMBER_UNREADABLE"
NUMBER_ROUNDED = "NUMBER_ROUNDED"
FIELD_UNREADABLE = "FIELD_UNREADABLE"


@dataclass(frozen=True, slots=True)
class Help:
    """What a code means and what to do, for the seller, in English and Korean."""

    en: str
    ko: str


# Filled by code: every code above has its entry (a test holds this).
HELP: dict[str, Help] = {}
