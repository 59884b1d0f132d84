"""Do samples of a class-conditional run show the class that was asked for?

    vdm train --config mnist-conditional
    vdm sample --checkpoint runs/mnist-conditional --num-samples 10000 --output asked.npz
    python benchmarks/asked_digit.py --samples asked.npz --data ../shared/data/mnist

A classifier (scikit-learn's MLPClassifier) is fitted on the training images, held against the test images
and then against the samples and the classes they were drawn for.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPClassifier

from vdm_cli.data.rows import read_rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=Path, required=True, help=".npz with arrays samples and label")
    parser.add_argument("--data", type=Path, required=True, help="folder of the four IDX files")
    arguments = parser.parse_args()
    train = images_of(arguments.data / "train-images-idx3-ubyte.gz")
    test = images_of(arguments.data / "t10k-images-idx3-ubyte.gz")
    model = MLPClassifier((512,), early_stopping=True, random_state=0, batch_size=256)
    model.fit(*train)
    with np.load(arguments.samples) as written:
        images, asked = written["samples"].reshape(len(written["samples"]), -1) / 255.0, written["label"]
    right = model.predict(images) == asked
    print(f"test images: {100 * model.score(*test):.2f} % right")
    print(f"samples: {100 * right.mean():.2f} % of {len(right)} show the class that was asked for")
    for digit in range(10):
        print(f"  {digit}: {100 * right[asked == digit].mean():.1f} % of {np.sum(asked == digit)}")


def images_of(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pixels in [0, 1], flat, and classes."""
    rows = read_rows(path)
    assert rows.labels is not None, "the file of labels is beside it"
    return rows.values.reshape(len(rows.values), -1) / 255.0, rows.labels.values.astype(int)


if __name__ == "__main__":
    main()
