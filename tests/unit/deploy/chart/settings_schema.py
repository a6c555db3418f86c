"""The part of the chart's values.schema.json that follows from contract/setting_groups/.

Write it anew with `python -m tests.unit.deploy.chart.settings_schema`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contract.setting_groups.measuring import MeasuringSettings
from contract.settings import Settings

SCHEMA = Path(__file__).parents[4] / "deploy/helm/depthq/values.schema.json"
SECRET = {
    "redis_url",
    "s3_access_key_id",
    "s3_secret_access_key",
    "s3_session_token",
    "api_keys",
    "webhook_secret",
}
OF_THE_CHART = {  # which has values of its own for them, or leaves them to the images
    "s3_endpoint_url",
    "s3_public_endpoint_url",
    "s3_bucket",
    "s3_region",
    "s3_path_style",
    "s3_create_bucket",
    "public_url",
    "trusted_proxy",
    "host",
    "port",
    "metrics_port",
    "cache_dir",
    "data_dir",
}
OF_THE_CLIENT = {"url", "api_key", "debug"}
OF_MEASUREMENTS = set(MeasuringSettings.model_fields)
_KEPT = ("type", "enum", "items", "minimum", "maximum", "exclusiveMinimum", "description")


def settings_schema() -> dict[str, Any]:
    """Return the JSON schema of the value `settings`: what each setting may be, nothing else."""
    known = Settings.model_json_schema()["properties"]
    others = SECRET | OF_THE_CHART | OF_THE_CLIENT | OF_MEASUREMENTS
    names = [name for name in known if name not in others]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _plain(known[name]) for name in names},
    }


def _plain(setting: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in setting.get("anyOf", []) if choice["type"] != "null"]
    merged = {**setting, **(choices[0] if choices else {})}
    plain = {word: merged[word] for word in _KEPT if word in merged}
    if "simulated" in plain.get("enum", []):
        plain["enum"] = [choice for choice in plain["enum"] if choice != "simulated"]
    return plain


def main() -> None:
    """Put it into the file, leaving the rest as it is."""
    schema = json.loads(SCHEMA.read_text())
    schema["properties"]["settings"] = settings_schema()
    SCHEMA.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
