"""The description, spoken."""

from __future__ import annotations

from collections.abc import Callable

from contract.errors import InternalError
from contract.outputs.audio import AudioOptions
from contract.outputs.description import DescriptionOptions, Language
from worker.outputs.description import described
from worker.outputs.encoding.audio import AUDIO_ENCODERS, RATE, Sound, levelled, resampled
from worker.outputs.view import Rendering, View
from worker.outputs.voices import espeak_voice, hibari_voice

MOST_CHARACTERS = 2000  # a long description has half of that
MOST_SECONDS = 180.0

VOICES: dict[Language, Callable[[str], Sound]] = {
    "en": hibari_voice.speak,
    "zh": espeak_voice.speak,
}


def render(view: View) -> Rendering:
    """Return the description as sound. Raises NotInstalled, InternalError."""
    options = view.options.of(DescriptionOptions)
    text = described(view, "long" if options.detail == "json" else options.detail)
    encode = AUDIO_ENCODERS[view.options.of(AudioOptions).audio_format]
    return Rendering(encode(spoken(text, options.language)), None)


def spoken(text: str, language: Language) -> Sound:
    """Return `text` spoken in its `language`, mono, at RATE, as loud as it can be."""
    if len(text) > MOST_CHARACTERS:
        raise InternalError(f"a description of {len(text)} characters is too long to be spoken")
    sound = VOICES[language](text)
    samples = sound.samples[: int(MOST_SECONDS * sound.rate)]
    return levelled(resampled(Sound(samples, sound.rate), RATE))
