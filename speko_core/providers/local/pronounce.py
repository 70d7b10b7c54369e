"""A guess at how an English speaker says a word that is not in the dictionary, in the phones of cmudict.

Letter groups are matched longest first. It is a guess for names and brands, good enough to tell them apart in a
small grammar; recognition reports every word it was used for.
"""

_WHOLE_GROUPS = {
    "tion": "SH AH N", "sion": "ZH AH N", "ough": "AO", "augh": "AO", "eigh": "EY", "tch": "CH", "dge": "JH",
    "igh": "AY", "sch": "SH", "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "ng": "NG",
    "qu": "K W", "gh": "G", "kn": "N", "wr": "R", "ee": "IY", "ea": "IY", "ie": "IY", "ei": "EY", "ai": "EY",
    "ay": "EY", "ey": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "oa": "OW", "oi": "OY", "oy": "OY", "au": "AO",
    "aw": "AO", "ue": "UW", "ui": "UW", "eu": "Y UW", "ew": "UW", "ar": "AA R", "er": "ER", "ir": "ER", "or": "AO R",
    "ur": "ER", "bb": "B", "cc": "K", "dd": "D", "ff": "F", "gg": "G", "kk": "K", "ll": "L", "mm": "M", "nn": "N",
    "pp": "P", "rr": "R", "ss": "S", "tt": "T", "zz": "Z", "ce": "S EH", "ci": "S IH", "cy": "S IY", "ge": "JH EH",
    "gi": "JH IH",
}  # fmt: skip
_LETTERS = {
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K",
    "l": "L", "m": "M", "n": "N", "o": "OW", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V",
    "w": "W", "x": "K S", "y": "Y", "z": "Z",
}  # fmt: skip
_ENDINGS = {"ce": "S", "ge": "JH", "e": "", "a": "AH", "i": "IY", "y": "IY", "o": "OW", "u": "UW"}
_SPELLED = {
    "a": "EY", "b": "B IY", "c": "S IY", "d": "D IY", "e": "IY", "f": "EH F", "g": "JH IY", "h": "EY CH", "i": "AY",
    "j": "JH EY", "k": "K EY", "l": "EH L", "m": "EH M", "n": "EH N", "o": "OW", "p": "P IY", "q": "K Y UW",
    "r": "AA R", "s": "EH S", "t": "T IY", "u": "Y UW", "v": "V IY", "w": "D AH B AH L Y UW", "x": "EH K S",
    "y": "W AY", "z": "Z IY",
}  # fmt: skip
_VOWELS = set("aeiouy")


def guess_phones(word: str) -> str:
    """Phones for a lower-case ASCII word, separated by spaces; a word without vowels is spelled out.

    The word must hold at least one letter.
    """
    letters = "".join(letter for letter in word if letter in _LETTERS)
    if not _VOWELS & set(letters):
        return " ".join(_SPELLED[letter] for letter in letters)
    phones: list[str] = []
    position = 0
    while position < len(letters):
        size, sound = _longest_match(letters, position)
        phones.extend(sound.split())
        position += size
    return " ".join(phones)


def _longest_match(letters: str, position: int) -> tuple[int, str]:
    rest = letters[position:]
    if position > 1 and rest in _ENDINGS:
        return len(rest), _ENDINGS[rest]
    for size in (4, 3, 2):
        sound = _WHOLE_GROUPS.get(rest[:size])
        if sound is not None and len(rest) >= size:
            return size, sound
    return 1, _LETTERS[rest[0]]
