"""Text → sound, one module per voice. Voices are optional, and none fetches anything.

Each has `speak(text) -> Sound`, which raises NotInstalled if the voice is not there.
"""
