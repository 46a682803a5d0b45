"""The nodes of a functional model of Keras, as its config says them."""

from __future__ import annotations

from typing import Any

from elman.interop.keras.values import Value


class Functional:
    """A functional model: its nodes, each run once, by what its config says of them."""

    def __init__(self, walk: Any, model: Any, given: list[Value]):
        config = model.get_config()
        self.walk, self.model, self.config = walk, model, config
        self.operations = {one.name: one for one in model.operations}
        self.nodes = {one["name"]: one for one in config["layers"]}
        self.values: dict[tuple[str, int], Any] = {}
        names = [key[0] for key in _keys(config["input_layers"])]
        self.values |= {(name, 0): value for name, value in zip(names, given, strict=True)}

    def outputs(self) -> Any:
        return self._structure(self.config["output_layers"])

    def _structure(self, keys: Any) -> Any:
        if isinstance(keys, dict):
            return {name: self._value(*key) for name, key in keys.items()}
        found = [self._value(*key) for key in _keys(keys)]
        return found if _is_several(keys) else found[0]

    def _first(self, name: str) -> int:
        """The number of a layer's first node: a model inside has one that is its own."""
        return int(type(self.operations[name]).__name__ in ("Functional", "Model"))

    def _wanted(self, name: str, number: int) -> Any:
        if (name, number) not in self.values:
            node = self.nodes[name]["inbound_nodes"][number - self._first(name)]
            args, given = self._filled(node["args"]), dict(node["kwargs"])
            mask = given.pop("mask", None)
            kwargs = {k: v for k, v in self._filled(given).items() if k != "training" and v is not None}
            if isinstance(mask, dict):  # of several inputs it is a list; they have their own
                kwargs["mask"] = lambda: self._filled(mask)
            self.values[name, number] = self.walk.call(self.operations[name], list(args), kwargs)
        return self.values[name, number]

    def _value(self, name: str, number: int, index: int) -> Value:
        found = self._wanted(name, number)
        return found[index] if isinstance(found, list) else found

    def _filled(self, given: Any) -> Any:
        """What a node was called with, its tensors as values."""
        if isinstance(given, dict):
            if given.get("class_name") == "__keras_tensor__":
                return self._value(*given["config"]["keras_history"])
            return {name: self._filled(one) for name, one in given.items()}
        return [self._filled(one) for one in given] if isinstance(given, list | tuple) else given


def _is_several(keys: Any) -> bool:
    return bool(keys) and not isinstance(keys[0], str)


def _keys(keys: Any) -> list[Any]:
    """Those of tensors, [layer, node, index], one or several."""
    if isinstance(keys, dict):
        return list(keys.values())
    return list(keys) if _is_several(keys) else [keys]
