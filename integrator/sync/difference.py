"""What waiting versions would change, as a person reads it: counts, fields, examples, sellers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from integrator.record import Json
from integrator.store.waiting import Waiting

# So many examples are written out, of each field at most so many, each value no longer than this.
_EXAMPLES = 20
_OF_A_FIELD = 5
_LONGEST = 160

# How it was read, not what it says.
_UNSAID = frozenset({"issues", "scope", "masked", "view_count", "contact"})


def describe_versions(
    waiting: Iterable[Waiting], accounts: Iterable[Waiting], *, sellers: Sequence[tuple[str, int]]
) -> dict[str, Json]:
    """The diff of a held run: `changed` and `new` records, `fields` by frequency, `examples` before and after.

    Contacts that would be others are counted, and never written out.
    """
    fields: Counter[str] = Counter()
    examples: list[Json] = []
    changed = new = 0
    for above, each in (*(("", each) for each in waiting), *(("seller.", each) for each in accounts)):
        if each.before is None:
            new += 1
            continue
        changed += 1
        fields[above + "contact"] += each.brings_contact
        for name, (before, after) in compare_contents(each.before, each.after).items():
            fields[above + name] += 1
            if len(examples) < _EXAMPLES and fields[above + name] <= _OF_A_FIELD:
                examples.append({"id": each.external_id, "field": above + name, "before": before, "after": after})
    return {
        "changed": changed,
        "new": new,
        "fields": [{"field": name, "listings": count} for name, count in fields.most_common() if count],
        "examples": examples,
        "sellers": [{"account_id": account_id, "listings": count} for account_id, count in sellers],
    }


def compare_contents(before: bytes, after: bytes) -> dict[str, tuple[str, str]]:
    """The fields that two stored listings differ in, each with its two values as short text ("" for none)."""
    old: Mapping[str, Json] = msgspec.json.decode(before)
    new: Mapping[str, Json] = msgspec.json.decode(after)
    names = [name for name in {**old, **new} if name not in _UNSAID]
    return {name: (_text(old.get(name)), _text(new.get(name))) for name in names if old.get(name) != new.get(name)}


def _text(value: Json) -> str:
    if value in (None, "", [], {}):
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
