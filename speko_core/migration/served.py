"""What this installation can serve, in the words of allow-lists."""

from speko_core.providers.catalog import load_catalog


def served() -> frozenset[str]:
    """Every `layer:vendor` and `layer:vendor:model` of the catalog."""
    models = [(facts.vendor, model) for facts in load_catalog().values() for model in facts.models]
    vendors = {f"{model.modality.value}:{vendor}" for vendor, model in models}
    return frozenset(vendors | {f"{model.modality.value}:{vendor}:{model.id}" for vendor, model in models})
