"""Films through a function and back: frames, times, sound."""

import fractions

import numpy as np
import pytest

from keras_gans import films

av = pytest.importorskip("av")
pytestmark = pytest.mark.neutral

SIZE = (32, 48)


def write_film(path, times, size=SIZE, sound="aac", unit=12800, **about):
    """Frames of one colour that moves, and a sine of 440 Hz.

    Args:
        path: Path.
        times: Integers, when the frames are shown, in 1/`unit` s.
        size: `(height, width)`.
        sound: String, a codec, or `None`.
        unit: Integer.
        **about: Of the stream, as `rotation`; `start`, when it begins, in s.
    """
    height, width = size
    start = about.get("start", 0)
    with av.open(str(path), "w") as film:
        film.metadata["title"] = "a sine"
        stream = film.add_stream("libx264", rate=25, options={"crf": "5"})
        stream.height, stream.width = size
        stream.pix_fmt = "yuv444p" if height % 2 or width % 2 else "yuv420p"
        stream.codec_context.time_base = fractions.Fraction(1, unit)
        if "rotation" in about:
            stream.set_display_rotation(about["rotation"])
        if "aspect" in about:
            stream.codec_context.sample_aspect_ratio = about["aspect"]
        if sound:
            track = film.add_stream(sound, rate=8000)
            track.layout = "mono"
        for i, time in enumerate(times):
            pixels = np.zeros((height, width, 3), "uint8")
            pixels[:, : width // 2] = (200, 5 * i % 250, 60)
            pixels[: height // 2, width // 2 :] = (30, 90, 220)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.time_base = fractions.Fraction(1, unit)
            frame.pts = time + start * unit
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
        if sound:
            t = np.arange(int(8000 * (times[-1] / unit + 0.04)))
            wave = (np.sin(t * 2 * np.pi * 440 / 8000) * 9000).astype("int16")
            for i in range(0, len(wave), 1024):
                part = av.AudioFrame.from_ndarray(
                    wave[None, i : i + 1024], format="s16", layout="mono"
                )
                part.sample_rate, part.pts = 8000, i + start * 8000
                film.mux(track.encode(part))
            film.mux(track.encode(None))
    return path


def read(path):
    """Frames, the seconds at which they are shown, and packets of sound."""
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
        pixels = [frame.to_ndarray(format="rgb24") for frame in frames]
        times = [frame.pts * frame.time_base for frame in frames]
    with av.open(str(path)) as film:
        sound = []
        if film.streams.audio:
            sound = [
                (packet.pts * packet.time_base, bytes(packet))
                for packet in film.demux(audio=0)
                if packet.size
            ]
    return np.stack(pixels), times, sound


def twice(frames):
    return frames.repeat(2, axis=1).repeat(2, axis=2)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(films, "_MOST", 12)


EVEN = [512 * i for i in range(50)]
# As of a telephone: now and then one is late.
UNEVEN = [512 * i + 200 * (i % 3) + 1500 * (i > 20) for i in range(50)]


@pytest.mark.slow
@pytest.mark.parametrize("times", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_there_and_back(tmp_path, times, suffix):
    source = write_film(tmp_path / f"film{suffix}", times)
    assert films.look(source)["height"] == 32
    seen = []

    def function(frames):
        seen.append(len(frames))
        return twice(frames)

    large = tmp_path / "new" / f"large{suffix}"
    counted = []
    n = films.change(
        source,
        large,
        function,
        "twice",
        together=5,
        on_frames=lambda *count: counted.append(count),
    )
    assert n == 50 and max(seen) == 5 and sum(seen) == 50
    assert counted[0] == (5, 0) and counted[-1] == (50, 0)
    back = tmp_path / f"back{suffix}"
    films.change(large, back, lambda x: x[:, ::2, ::2], "half")
    before, moments, sound = read(source)
    for path, factor in ((large, 2), (back, 1)):
        frames, found, copied = read(path)
        assert frames.shape == (50, 32 * factor, 48 * factor, 3)
        assert found == moments
        assert copied == sound and len(sound) > 10
        small = frames[:, ::factor, ::factor]
        assert np.abs(small.astype(int) - before).mean() < 3
        with av.open(str(path)) as film, av.open(str(source)) as old:
            assert film.metadata["title"] == "a sine"
            # Of uneven frames, and in Matroska, how long the last one is
            # shown is a guess.
            late = abs(film.duration - old.duration)
            sure = times is EVEN and suffix == ".mp4"
            assert late <= (0 if sure else 60_000)
    assert sorted(x.name for x in tmp_path.iterdir()) == sorted(
        [f"back{suffix}", f"film{suffix}", "new"]
    )
    assert [x.name for x in large.parent.iterdir()] == [large.name]


def test_who_is_stopped_goes_on(tmp_path):
    source = write_film(tmp_path / "film.mp4", UNEVEN)
    whole, again = tmp_path / "whole.mp4", tmp_path / "again.mp4"
    films.change(source, whole, twice, "twice")
    calls = []

    def stopped(frames):
        calls.append(len(frames))
        if len(calls) == 32:  # In the third piece.
            raise KeyboardInterrupt
        return twice(frames)

    with pytest.raises(KeyboardInterrupt):
        films.change(source, again, stopped, "twice")
    assert (
        films.how_to_go_on(again) == "the same command goes on after 24 frames"
    )
    assert films.how_to_go_on(tmp_path / "other.mp4") == ""
    counted = []
    films.change(
        source,
        again,
        lambda frames: calls.append(len(frames)) or twice(frames),
        "twice",
        on_frames=lambda *count: counted.append(count),
    )
    assert len(calls) == 32 + 26 and counted[0] == (25, 24)
    assert again.read_bytes() == whole.read_bytes()
    assert films.how_to_go_on(again) == ""
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("what", ["key", "source", "plan"])
def test_pieces_of_another_film_are_not_taken(tmp_path, what):
    source = write_film(tmp_path / "film.mp4", EVEN[:30], sound=None)
    out = tmp_path / "out.mp4"

    calls = []

    def stopped(frames):
        calls.append(len(frames))
        if len(calls) == 14:
            raise KeyboardInterrupt
        return twice(frames)

    with pytest.raises(KeyboardInterrupt):
        films.change(source, out, stopped, "twice")
    if what == "source":
        write_film(source, EVEN[:29], sound=None)
    if what == "plan":
        (tmp_path / ".out.mp4-pieces/plan.json").write_text("{")
    key = "other" if what == "key" else "twice"
    calls = []
    n = films.change(
        source, out, lambda x: calls.append(len(x)) or twice(x), key
    )
    assert len(calls) == n == (29 if what == "source" else 30)


def test_a_stop_while_pieces_are_joined(tmp_path, monkeypatch):
    source = write_film(tmp_path / "film.mp4", EVEN[:30])
    out, join = tmp_path / "out.mp4", films._join

    def stopped(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(films, "_join", stopped)
    with pytest.raises(KeyboardInterrupt):
        films.change(source, out, twice, "twice")
    monkeypatch.setattr(films, "_join", join)
    films.change(source, out, lambda frames: 1 / 0, "twice")
    assert len(read(out)[0]) == 30


@pytest.mark.parametrize("rotation", [90, -90, 180])
def test_a_turned_film_is_written_upright(tmp_path, rotation):
    aspect = fractions.Fraction(4, 3)
    source = write_film(
        tmp_path / "film.mp4", EVEN[:3], rotation=rotation, aspect=aspect
    )
    turned = rotation != 180
    about = films.look(source)
    assert (about["height"], about["width"]) == (SIZE[::-1] if turned else SIZE)
    shapes = set()

    def function(frames):
        shapes.add(frames.shape[1:3])
        return frames

    films.change(source, tmp_path / "out.mp4", function, "same")
    assert shapes == {(about["height"], about["width"])}
    made, _, _ = read(tmp_path / "out.mp4")
    with av.open(str(source)) as film:
        frame = next(film.decode(video=0))
        expected = np.rot90(frame.to_ndarray(format="rgb24"), rotation // 90)
        assert (frame.rotation - rotation) % 360 == 0
    assert np.abs(made[0].astype(int) - expected).mean() < 3
    with av.open(str(tmp_path / "out.mp4")) as film:
        (stream,) = film.streams.video
        assert stream.sample_aspect_ratio == (1 / aspect if turned else aspect)
        assert next(film.decode(stream)).rotation == 0


def test_a_film_that_does_not_begin_at_zero_does(tmp_path):
    source = write_film(tmp_path / "film.ts", EVEN[:20], start=3)
    films.change(source, tmp_path / "out.mkv", twice, "twice")
    _, before, sound = read(source)
    _, after, copied = read(tmp_path / "out.mkv")
    assert before[0] > 1 and 0 <= after[0] < 0.2
    # Pictures and sound together. Matroska counts milliseconds.
    late = before[0] - after[0]
    moved = [b - a - late for b, a in zip(before, after, strict=True)]
    moved += [b[0] - a[0] - late for b, a in zip(sound, copied, strict=True)]
    assert max(map(abs, moved)) <= 0.001
    # Without the header of those that are sent.
    assert [x for _, x in copied] == [x[7:] for _, x in sound]


def test_odd_sides_lose_a_row(tmp_path):
    source = write_film(tmp_path / "film.mp4", EVEN[:3], (31, 45), sound=None)
    films.change(source, tmp_path / "out.mp4", lambda x: x, "same")
    made, _, _ = read(tmp_path / "out.mp4")
    assert made.shape == (3, 30, 44, 3)
    expected, _, _ = read(source)
    assert np.abs(made - expected[:, :30, :44].astype(int)).mean() < 4


@pytest.mark.parametrize("height, matrix", [(32, 5), (720, 1)])
def test_colours_are_those_of_the_height_that_was(tmp_path, height, matrix):
    """A film that does not name them; larger, it would be taken for HD."""
    source = write_film(tmp_path / "a.mp4", [0], (height, 48), sound=None)
    films.change(source, tmp_path / "b.mp4", twice, "twice")
    with av.open(str(tmp_path / "b.mp4")) as film:
        frame = next(film.decode(video=0))
        assert frame.colorspace == matrix
        planes = frame.to_ndarray().astype(int)
    with av.open(str(source)) as film:
        before = next(film.decode(video=0)).to_ndarray().astype(int)
    # Brightness and colour of the corner are stored as they were.
    assert abs(planes[4, 4] - before[2, 2]) <= 2
    assert abs(planes[-4, 4] - before[-2, 2]) <= 2


def test_what_is_no_film(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no film")
    with pytest.raises(ValueError, match="no film that can be read"):
        films.look(tmp_path / "a.mp4")
    source = write_film(tmp_path / "b.mkv", EVEN[:2])
    with pytest.raises(ValueError, match="must end in one of .mp4 .mov .mkv"):
        films.change(source, tmp_path / "c.avi", twice, "twice")
    with av.open(str(tmp_path / "d.mkv"), "w") as film:
        track = film.add_stream("aac", rate=8000)
        silence = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), "float32"), format="fltp", layout="mono"
        )
        silence.sample_rate = 8000
        film.mux(track.encode(silence))
        film.mux(track.encode(None))
    with pytest.raises(ValueError, match="no moving pictures"):
        films.look(tmp_path / "d.mkv")


def test_sound_that_does_not_fit_is_said_before(tmp_path):
    source = write_film(tmp_path / "a.mkv", EVEN[:3], sound="wavpack")
    with pytest.raises(ValueError, match="a .mkv holds it. Received: wavpack"):
        films.change(source, tmp_path / "b.mp4", lambda x: 1 / 0, "never")
    films.change(source, tmp_path / "b.mkv", twice, "twice")
    assert read(tmp_path / "b.mkv")[2] == read(source)[2]
