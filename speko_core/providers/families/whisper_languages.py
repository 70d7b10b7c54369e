"""Whisper's names of languages: its long answer says `german` where everybody else says `de`."""

from typing import Final

# Source: the table of languages in openai/whisper: whisper/tokenizer.py.
_NAMES: Final = """
    afrikaans=af albanian=sq amharic=am arabic=ar armenian=hy assamese=as azerbaijani=az bashkir=ba basque=eu
    belarusian=be bengali=bn bosnian=bs breton=br bulgarian=bg cantonese=yue catalan=ca chinese=zh croatian=hr
    czech=cs danish=da dutch=nl english=en estonian=et faroese=fo finnish=fi french=fr galician=gl georgian=ka
    german=de greek=el gujarati=gu haitian_creole=ht hausa=ha hawaiian=haw hebrew=he hindi=hi hungarian=hu
    icelandic=is indonesian=id italian=it japanese=ja javanese=jw kannada=kn kazakh=kk khmer=km korean=ko lao=lo
    latin=la latvian=lv lingala=ln lithuanian=lt luxembourgish=lb macedonian=mk malagasy=mg malay=ms malayalam=ml
    maltese=mt maori=mi marathi=mr mongolian=mn myanmar=my nepali=ne norwegian=no nynorsk=nn occitan=oc pashto=ps
    persian=fa polish=pl portuguese=pt punjabi=pa romanian=ro russian=ru sanskrit=sa serbian=sr shona=sn sindhi=sd
    sinhala=si slovak=sk slovenian=sl somali=so spanish=es sundanese=su swahili=sw swedish=sv tagalog=tl tajik=tg
    tamil=ta tatar=tt telugu=te thai=th tibetan=bo turkish=tr turkmen=tk ukrainian=uk urdu=ur uzbek=uz
    vietnamese=vi welsh=cy yiddish=yi yoruba=yo
"""
_TAGS: Final = {name.replace("_", " "): tag for name, _, tag in (pair.partition("=") for pair in _NAMES.split())}
_KNOWN: Final = frozenset(_TAGS.values())


def whisper_language(name: str) -> str | None:
    """The tag of a language as Whisper calls it; servers that answer with a tag are taken at their word."""
    lower = name.strip().lower()
    return lower if lower in _KNOWN else _TAGS.get(lower)
