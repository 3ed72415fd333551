"""Names of firms and goods: legal forms, Hangul in Latin letters, letter names, consonants.

Names alone never merge anything (one Korean company in ten shares its name); they strengthen a weaker key, count how
many firms hold one key, and let Korean-only and English-only titles meet.
"""

import re
import unicodedata
from functools import lru_cache

from integrator.resolve.words import by_spelling, korean_words

_KOREAN_FORMS = re.compile(
    r"\(주\)|㈜|\(유\)|\(합\)|주식회사|유한책임회사|유한회사|합자회사|합명회사|농업회사법인|어업회사법인|영농조합법인|영어조합법인|"
    r"사회적협동조합|협동조합|재단법인|사단법인|사회적기업"
)
_ENGLISH_FORMS = re.compile(
    r"\b(?:co(?:mpany|rporation|rp)?|ltd|limited|inc(?:orporated)?|llc|plc|gmbh|pte|pty|company|corporation|corp|jsc)\b"
)
_WORD = re.compile(r"[a-z0-9]+|[가-힣]+")


def _letters(table: str) -> list[str]:
    """Letters between blanks; '-' stands for none."""
    return [letter.replace("-", "") for letter in table.split(" ")]


_INITIALS = _letters("g kk n d tt r m b pp s ss - j jj ch k t p h")
_MEDIALS = _letters("a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i")
_FINALS = _letters("- k k k n n n t l l l l l l l l m p p t t ng t t k t p t")

# How Koreans spell Latin letters; longest first, so that 에이치 is H and not A + 치.
_LETTER_NAMES: tuple[tuple[str, str], ...] = tuple(
    sorted(
        by_spelling(
            """
            a 에이
            b 비
            c 씨 시
            d 디
            e 이
            f 에프
            g 지
            h 에이치
            i 아이
            j 제이
            k 케이
            l 엘
            m 엠
            n 엔
            o 오
            p 피
            q 큐
            r 알
            s 에스
            t 티
            u 유
            v 브이
            w 더블유 더블류
            x 엑스
            y 와이
            z 제트
            """
        ).items(),
        key=lambda pair: -len(pair[0]),
    )
)

_SOUNDS = str.maketrans({"l": "r", "c": "k", "q": "k", "g": "k", "z": "j", "f": "p", "v": "p", "b": "p", "d": "t"})


def fold(text: str) -> str:
    """Compatibility forms unified, lower case, accents off."""
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFKC", text).lower()
    if not any("\u00c0" <= letter < "\u0250" for letter in composed):
        return composed
    bare = "".join(part for part in unicodedata.normalize("NFD", composed) if unicodedata.category(part) != "Mn")
    return unicodedata.normalize("NFC", bare)


def bare_name(name: str) -> str:
    """The name without its legal form, folded: '(주)새봄메디텍' and '새봄메디텍 주식회사' are '새봄메디텍'."""
    # NFKC turns the one-letter ㈜ into (주), so folding comes first.
    without = _KOREAN_FORMS.sub(" ", fold(name).replace("co,.ltd", "co ltd"))
    words = _WORD.findall(_ENGLISH_FORMS.sub(" ", without))
    return " ".join(words)


@lru_cache(maxsize=65_536)
def romanise(hangul: str) -> str:
    """Hangul syllables in Latin letters, one by one, without assimilation; everything else stays."""
    letters: list[str] = []
    for syllable in hangul:
        code = ord(syllable) - 0xAC00
        if not 0 <= code < 11_172:
            letters.append(syllable)
            continue
        letters.append(_INITIALS[code // 588] + _MEDIALS[code % 588 // 28] + _FINALS[code % 28])
    return "".join(letters)


def read_letter_names(hangul: str) -> str | None:
    """'에스케이' -> 'sk'; None unless the whole word is at least two letter names."""
    letters, rest = "", hangul
    while rest:
        for spoken, letter in _LETTER_NAMES:
            if rest.startswith(spoken):
                letters, rest = letters + letter, rest[len(spoken) :]
                break
        else:
            return None
    return letters if len(letters) >= 2 else None


@lru_cache(maxsize=65_536)
def consonants(word: str) -> str:
    """What is left of a Latin word when vowels go and like sounds fall together: 'darajin' = 'dalajin' = 'trjn'."""
    sounds = word.replace("ph", "p").replace("ck", "k").replace("sh", "s").replace("th", "t").replace("ng", "n")
    sounds = sounds.replace("ch", "j").translate(_SOUNDS)
    bare = "".join(letter for letter in sounds if letter not in "aeiouyw")
    return re.sub(r"(.)\1+", r"\1", bare.replace("h", "") if len(bare) > 2 else bare)


@lru_cache(maxsize=65_536)
def translate(hangul: str) -> tuple[str, ...]:
    """A Korean word cut at the words we know, longest first; what is unknown between them stays Hangul."""
    known_words = korean_words()
    if hangul in known_words:
        return tuple(known_words[hangul].split())
    found: list[str] = []
    unknown, start = "", 0
    while start < len(hangul):
        for length in range(min(6, len(hangul) - start), 1, -1):
            known = known_words.get(hangul[start : start + length])
            if known is not None:
                found += [unknown] if unknown else []
                found += known.split()
                unknown, start = "", start + length
                break
        else:
            unknown, start = unknown + hangul[start], start + 1
    return tuple(found + ([unknown] if unknown else []))


def _latin(word: str) -> str:
    spoken = read_letter_names(word) if len(word) > 2 else None
    return spoken or romanise(word)


@lru_cache(maxsize=65_536)
def skeleton(name: str) -> str:
    """One key for the spellings of a firm's name: translated, in Latin letters, consonants only; '' if short."""
    words: list[str] = []
    for word in bare_name(name).split():
        words += [_latin(part) if part >= "가" else part for part in (translate(word) if word >= "가" else (word,))]
    bones = [consonants(word[:-1] if len(word) > 3 and word.endswith("s") else word) for word in words]
    joined = re.sub(r"(.)\1+", r"\1", "".join(bone or word[0] for bone, word in zip(bones, words, strict=True)))
    return joined if len(joined) >= 3 else ""
