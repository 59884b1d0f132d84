"""scikit-learn's handwritten digits: 1,797 gray images of 8x8 pixels, offline."""

from __future__ import annotations

import numpy as np

from vdm_cli.data.rows import Rows


def load_digits() -> Rows:
    """The images (1797, 8, 8) as whole numbers 0..16.

    Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI (its test part).
    """
    from sklearn.datasets import load_digits as load

    images = np.asarray(load().images, np.uint8)
    return Rows(images, None, "digits", integer=(True,), text_decimals=(0,))
