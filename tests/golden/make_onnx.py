"""Writes onnx/*.onnx: what PyTorch's newer exporter (dynamo), which takes long, makes of some modules.

.venv-parity/bin/python -m tests.golden.make_onnx
"""

from pathlib import Path

from tests.parity.interop.onnx_torch import Drawn, exported

FOLDER = Path(__file__).with_name("onnx")
SEEDS = range(24)


def main() -> None:
    """Of modules that it exports with dynamic axes one file each; of others it says why not."""
    for seed in SEEDS:
        module = Drawn(seed)
        try:
            exported(module, FOLDER / f"dynamo_{seed}.onnx", dynamo=True)
        except Exception as error:
            print(seed, module.kind, str(error).splitlines()[0])


if __name__ == "__main__":
    main()
