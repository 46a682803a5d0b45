"""Writes onnx/*.onnx: what PyTorch's newer exporter (dynamo), which takes long, makes of some modules.

.venv-parity/bin/python -m tests.golden.make_onnx
"""

from pathlib import Path

import onnx
from tests.parity.interop.onnx_torch import Drawn, exported

FOLDER = Path(__file__).with_name("onnx")
SEEDS = range(24)


def main() -> None:
    """Of modules that it exports with dynamic axes one file each; of others it says why not."""
    for seed in SEEDS:
        module = Drawn(seed)
        try:
            stripped(exported(module, FOLDER / f"dynamo_{seed}.onnx", dynamo=True))
        except Exception as error:
            print(seed, module.kind, str(error).splitlines()[0])


def stripped(file: Path) -> None:
    """Without what is said of the machine that wrote it."""
    model = onnx.load(file)
    for one in (
        model,
        model.graph,
        *model.graph.node,
        *model.graph.value_info,
        *model.graph.input,
        *model.graph.output,
    ):
        del one.metadata_props[:]
        one.ClearField("doc_string")
    onnx.save(model, file)


if __name__ == "__main__":
    main()
