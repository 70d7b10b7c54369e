"""Audio in and out: decode what callers send, convert sample rates, write WAV. No provider and no door in here."""

from speko_core.audio.content_type import pcm_content_type, pcm_rate_from_content_type
from speko_core.audio.decode import DecodedAudio, decode, decode_audio
from speko_core.audio.resample import StreamResampler, resample
from speko_core.audio.wav import WavInfo, parse_wav_header, wav_bytes, wav_header

__all__ = [
    "DecodedAudio",
    "StreamResampler",
    "WavInfo",
    "decode",
    "decode_audio",
    "parse_wav_header",
    "pcm_content_type",
    "pcm_rate_from_content_type",
    "resample",
    "wav_bytes",
    "wav_header",
]
