"""Faults by address: what `/faulty/FAULT/PLATFORM/…` does to sound answers.

down            every call is cut off without an answer.
flaky           every third call is a 500.
slow            every body drips in at 200 bytes a second.
quota           five answers with records in a window, then the guide's own refusal until it ends: code 22 and GB-4290
                to the end of the Korean day, RATE_LIMITED with Retry-After to the end of the hour.
token-expiry    tradeKorea's tokens end after three calls, in the middle of a walk.
truncated       bodies of lists and files end early: BuyKorea and tradeKorea against their stated length, GobizKOREA's
                parts as half-written files (right manifest, short file).
wrong-hash      GobizKOREA's manifests were made before the last part of the products.
wrong-encoding  BuyKorea's lists come in CP949 under the label UTF-8, tradeKorea's in UTF-16, GobizKOREA's products in
                UTF-8 (the manifest says CP949, and its hashes are those of the files).
bad-bytes       a byte that the encoding does not have, in a text of later pages or of GobizKOREA's products.
renamed-field   a field that must be there has another name: the English name, in GobizKOREA's products 수정일.
repeated-page   every later page holds what the first page held.
expired-cursor  every third cursor of tradeKorea's walk over products has run out.
empty           everything answers, nothing is in it.
shrunk          four listings in ten are missing, consistently: counts, drops, walks and single calls agree.
error-200       after the first page (or before the product parts) error documents come with HTTP 200.
maintenance     every call is answered by a web page about maintenance, with HTTP 200.
redirect        every call is answered by 302 to its sound address.
poisoned        two sound records in a hundred cannot be used; their ids stay readable.
bomb            pages and product parts of a hundred kilobytes unpack to more than a hundred megabytes.
"""

from dataclasses import dataclass, field

from connectors.mock import faulty_answers as answers
from connectors.mock import faulty_bytes
from connectors.mock.clock import WorldClock
from connectors.mock.fault import PAGED, PLATFORMS, Fault
from connectors.mock.tampering import SOUND, Spoilt, Tampering


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of a fault before it is used. `tampering` is in the records, `files` in GobizKOREA's drops only."""

    kind: type[Fault] = Fault
    platforms: tuple[str, ...] = PLATFORMS
    tampering: Tampering = field(default=SOUND)
    files: Spoilt | None = None
    token_calls: int | None = None

    def begin(self, platform: str, clock: WorldClock) -> Fault:
        in_files = platform == "gobizkorea" and self.files is not None
        return Fault(clock) if in_files else self.kind(clock)

    def tampering_of(self, platform: str) -> Tampering:
        return Tampering(spoilt=self.files) if platform == "gobizkorea" and self.files else self.tampering


FAULTS: dict[str, Plan] = {
    "down": Plan(answers.Down),
    "flaky": Plan(answers.Flaky),
    "slow": Plan(answers.Slow),
    "quota": Plan(answers.UsedUp),
    "token-expiry": Plan(platforms=("tradekorea",), token_calls=3),
    "truncated": Plan(faulty_bytes.Truncated),
    "wrong-hash": Plan(faulty_bytes.WrongHash, platforms=("gobizkorea",)),
    "wrong-encoding": Plan(faulty_bytes.WrongEncoding, files=Spoilt.ENCODING),
    "bad-bytes": Plan(faulty_bytes.BadBytes, files=Spoilt.BYTES),
    "renamed-field": Plan(faulty_bytes.RenamedField, files=Spoilt.COLUMN),
    "repeated-page": Plan(answers.RepeatedPage, platforms=PAGED),
    "expired-cursor": Plan(answers.ExpiredCursor, platforms=("tradekorea",)),
    "empty": Plan(tampering=Tampering(is_empty=True)),
    "shrunk": Plan(tampering=Tampering(is_shrunk=True)),
    "error-200": Plan(answers.ErrorWith200),
    "maintenance": Plan(answers.Maintenance),
    "redirect": Plan(answers.Redirect),
    "poisoned": Plan(tampering=Tampering(is_poisoned=True)),
    "bomb": Plan(faulty_bytes.Bomb, files=Spoilt.SIZE),
}
