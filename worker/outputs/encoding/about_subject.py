"""What files say of the subject they are about."""

from __future__ import annotations

import json

from worker.outputs.encoding.subject import Subject

TEXT_KEYWORD = "depthq"


def about(subject: Subject) -> dict[str, object]:
    """Return what files say of their subject: where it is (fractions), and whether it is clear."""
    left, top, right, bottom = (round(side, 4) for side in subject.box)
    box = {"left": left, "top": top, "right": right, "bottom": bottom}
    return {"clear": subject.clear, "score": round(subject.score, 4), "box": box}


def as_text(subject: Subject) -> dict[str, str]:
    """Return the text chunk of a PNG about `subject`."""
    return {TEXT_KEYWORD: json.dumps({"subject": about(subject)})}
