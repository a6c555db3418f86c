"""Models of one's own: an ONNX file and, beside it, a TOML file that declares it.

They lie in `<cache_dir>/models/` as NAME.onnx and NAME.toml; `depthq models add` writes both.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contract.models.declaration import NAME_PATTERN, Cost, ModelSpec, Weights
from contract.models.input_rule import HALF, IMAGENET_MEAN, IMAGENET_STD, InputRule, Triple
from contract.wrong_fields import wrong_fields

MEANS: dict[str, tuple[Triple, Triple]] = {
    "imagenet": (IMAGENET_MEAN, IMAGENET_STD),
    "half": (HALF, HALF),
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}


class OwnModel(BaseModel):
    """The content of NAME.toml. Sizes in px; `image_s` is one image's time on this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=f"^{NAME_PATTERN}$")
    input: int = Field(ge=16, le=2048, description="the side that the rule is about")
    multiple: int = Field(1, ge=1, le=256)
    rule: Literal["upper_bound", "lower_bound", "minimal", "exact"] = "exact"
    mean: Literal["imagenet", "half", "none"] = "imagenet"
    output: Literal["inverse", "depth"] = "inverse"
    licence: str = Field("unknown", max_length=200)
    weights_id: str = Field("", max_length=60)
    image_s: float = Field(1.0, gt=0, le=3600)
    memory_bytes: int = Field(0, ge=0)
    max_batch: int | None = Field(None, ge=1, description="images at once, where it is fixed")

    def spec(self) -> ModelSpec:
        """Return the declaration of the model."""
        mean, std = MEANS[self.mean]
        rule = InputRule(self.input, self.rule, self.multiple, mean, std)
        weights = Weights(self.name, self.weights_id, f"{self.name}.onnx", self.licence)
        return ModelSpec(
            name=self.name,
            input=rule,
            cost=Cost(0.0, 0, self.image_s, self.memory_bytes),
            warm_up=(rule.net_size(3, 4),),
            line={"en": "a model of this service's operator", "zh": "本服务运营者自己的模型"},
            weights=(weights,),
            output=self.output,
            max_batch=self.max_batch,
            order=1000,
        )


def own_folder(cache_dir: Path) -> Path:
    """Return the folder of such models."""
    return cache_dir / "models"


def read_own(path: Path) -> OwnModel:
    """Return what the TOML file at `path` declares. Raises ValueError with the reason."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        return OwnModel.model_validate({"name": path.stem, **found})
    except ValidationError as exc:
        wrong = wrong_fields(exc, OwnModel)[0]
        raise ValueError(f"{path}: {wrong.place[0]}: {wrong.says}") from exc
    except (OSError, ValueError) as exc:
        raise ValueError(f"{path}: {exc}") from exc


def own_specs(cache_dir: Path) -> dict[str, ModelSpec]:
    """Return the models of the folder by name, without those that cannot be read."""
    found = {}
    for path in sorted(own_folder(cache_dir).glob("*.toml")):
        try:
            found[path.stem] = read_own(path).spec()
        except ValueError:
            continue
    return found
