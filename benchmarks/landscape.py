"""Why one distance collapses and another does not, in one picture.

    python benchmarks/landscape.py

The data are an even mixture of two Gaussians, with peaks at -3 and 3; the
model is the same with peaks at a and b. The picture shows, over all a and b,
the Jensen-Shannon divergence, which the minimax game descends for the best
discriminator, and the Wasserstein-1 distance, which WGAN does. Both have the
two global minima, (-3, 3) and (3, -3). The divergence has two more: both
peaks of the model on one of the data's, mode collapse, where every small move
makes it worse. The distance leads away from there.
"""

import argparse
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
PEAK, STDDEV, LIMIT = 3.0, 0.5, 6.0
# Wide enough for all that has mass, fine enough for the narrow peaks.
X = np.linspace(-9, 9, 1801)
DX = X[1] - X[0]


def mixture(a, b):
    """Density on `X` of the even mixture of two Gaussians."""
    peaks = [np.exp(-0.5 * ((X - m) / STDDEV) ** 2) for m in (a, b)]
    return sum(peaks) / (2 * STDDEV * np.sqrt(2 * np.pi))


def jensen_shannon(p, q):
    """In nats: 0 for equal densities, log 2 for those that do not overlap."""
    m = (p + q) / 2

    def kl(p):
        inside = p > 0
        return (p[inside] * np.log(p[inside] / m[inside])).sum() * DX

    return (kl(p) + kl(q)) / 2


def wasserstein(p, q):
    """The area between the distribution functions."""
    return np.abs(np.cumsum(p - q) * DX).sum() * DX


def landscape(distance, points=97):
    """`(peaks, values)`: `values[i, j]` is of a = peaks[i], b = peaks[j]."""
    peaks = np.linspace(-LIMIT, LIMIT, points)
    real = mixture(-PEAK, PEAK)
    values = [[distance(real, mixture(a, b)) for b in peaks] for a in peaks]
    return peaks, np.array(values)


def local_minima(peaks, values):
    """Points that are lower than all eight neighbours, not on the border."""
    inner = values[1:-1, 1:-1]
    lower = np.ones(inner.shape, bool)
    n = len(values)
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            if (i, j) != (0, 0):
                neighbour = values[1 + i : n - 1 + i, 1 + j : n - 1 + j]
                # Beyond rounding: a plateau has no minima.
                lower &= inner < neighbour - 1e-9
    return [
        (float(peaks[i + 1]), float(peaks[j + 1]), float(inner[i, j]))
        for i, j in zip(*np.nonzero(lower))
    ]


def draw(results, path):
    from matplotlib import figure

    picture = figure.Figure(figsize=(10, 4.4), layout="constrained")
    for axes, (name, (peaks, values)) in zip(
        picture.subplots(1, 2), results.items()
    ):
        filled = axes.contourf(peaks, peaks, values.T, 24, cmap="viridis")
        picture.colorbar(filled, ax=axes)
        for a, b, value in local_minima(peaks, values):
            best = value < 0.01
            axes.plot(
                a,
                b,
                "*" if best else "X",
                color="white" if best else "red",
                markersize=14 if best else 10,
                markeredgecolor="black",
            )
        axes.set(title=name, xlabel="a", ylabel="b")
    picture.suptitle(
        "Two peaks at a and b against the data's at -3 and 3 "
        "(star: the data, red: collapsed)"
    )
    picture.savefig(path, dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=97, help="per axis")
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    results = {
        "Jensen-Shannon divergence": landscape(jensen_shannon, options.points),
        "Wasserstein-1 distance": landscape(wasserstein, options.points),
    }
    minima = {name: local_minima(*r) for name, r in results.items()}
    for name, found in minima.items():
        print(name)
        for a, b, value in found:
            print(f"  local minimum at ({a:.3g}, {b:.3g}): {value:.3g}")
    path = options.output / "landscape.json"
    path.write_text(json.dumps(minima, indent=2) + "\n")
    draw(results, options.output / "landscape.png")


if __name__ == "__main__":
    main()
