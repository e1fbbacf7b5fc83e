"""Films, whose frames are made anew and whose sound is copied.

Frames are decoded, changed and encoded in pieces of a few. Those lie in a
folder beside the film that is written, until all are there and are joined: who
is stopped goes on after the last whole piece, and the film is the same to the
bit. No more frames are in memory than are changed at once.

    pieces                    | .large.mp4-pieces/000000.nut, ...
    what they are pieces of   | .large.mp4-pieces/plan.json
    how long the last one is  | .large.mp4-pieces/end.json

Frames keep their times, which need not be even, and are written upright and
with even sides (an odd one loses its last row or column): H.264 of 8 bits,
without frames that depend on later ones, so that pieces can be joined whatever
their times are.
"""

import collections
import contextlib
import fractions
import heapq
import io
import itertools
import json
import pathlib
import shutil
import warnings

import numpy as np

from keras_gans import optional, writing

_FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
SUFFIXES = tuple(_FORMATS)
_ENCODER = {"crf": "18", "bf": "0"}
# Frames of a piece: not more pixels of the source than these, but at least
# eight frames (each piece begins with a whole one), and not more than 250,
# after which the encoder would begin anew.
_PIXELS, _FEWEST, _MOST = 2**24, 8, 250
# Of kinds of colours that a film does not name: of those before HD, and after.
_OLD, _HD, _HD_HEIGHT = 5, 1, 720
_UNKNOWN, _LIMITED = 2, 1
# What FFmpeg's scaler calls the matrices of a film (BT.601 has two names).
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
# Subtitles by the film's suffix; others are left out.
_SUBTITLES = {
    ".mp4": {"mov_text"},
    ".mov": {"mov_text"},
    ".mkv": {"subrip", "ass", "ssa", "webvtt", "hdmv_pgs_subtitle"},
}
_PLAN, _END = "plan.json", "end.json"


def look(path):
    """What is known of a film before it is read.

    Args:
        path: Path of a film, of any format that FFmpeg reads.

    Returns:
        Dict with `height` and `width` of its frames as they are shown, and
        `frames`, about how many there are, or `None`.

    Raises:
        ImportError: Without PyAV, with what brings it.
        ValueError: If there are no moving pictures in the file.
    """
    with _opened(path) as film:
        stream = _pictures(film, path)
        frames = stream.frames or None
        if not frames and film.duration and stream.average_rate:
            frames = round(film.duration / 1e6 * stream.average_rate)
        for frame in film.decode(stream):
            size = [frame.height, frame.width]
            if frame.rotation % 180:
                size.reverse()
            return {"height": size[0], "width": size[1], "frames": frames}
    raise ValueError(f"{path} has no frames that could be read.")


def change(source, path, function, key, together=1, on_frames=None):
    """Writes a film of what a function makes of another one's frames.

    Args:
        source: Path of a film.
        path: Path of the film that is written, which ends in one of
            `SUFFIXES`.
        function: Of frames, uint8 `(n, height, width, 3)`, to such ones of
            another size.
        key: What can be written as JSON and tells one function from another:
            pieces are gone on with if it is the same.
        together: Integer, how many frames the function is given at once.
        on_frames: Function of two integers, called when frames are done: how
            many, and how many of them were made before.

    Returns:
        Integer, how many frames there are.

    Raises:
        ImportError: Without PyAV, with what brings it.
        ValueError: For what is no film, and for sound that the format does not
            hold.
    """
    source, path = pathlib.Path(source), pathlib.Path(path)
    on_frames = on_frames or (lambda done, before: None)
    writing.clean(path.parent, path.name)
    with _opened(source) as film:
        _check_sound(film, source, path)
        stream = _pictures(film, source)
        shape = (stream.codec_context.height, stream.codec_context.width)
        length = min(max(_PIXELS // max(1, np.prod(shape)), _FEWEST), _MOST)
        folder = _folder(path)
        _start(folder, {**_about(source), "length": int(length), "key": key})
        done = _pieces(folder)
        if not (folder / _END).exists():
            _make_pieces(
                film, stream, folder, length, function, together, on_frames
            )
    end = json.loads((folder / _END).read_text())
    on_frames(end["frames"], len(done) * length)
    _join(source, path, folder, end)
    shutil.rmtree(folder)
    return end["frames"]


def how_to_go_on(path):
    """A clause for who was stopped, or an empty string."""
    folder = _folder(pathlib.Path(path))
    done = _pieces(folder)
    if not done:
        return ""
    frames = len(done) * json.loads((folder / _PLAN).read_text())["length"]
    return f"the same command goes on after {frames} frames"


# ---- the film that is read ------------------------------------------------


def _av():
    return optional.load("av", "video", "A film needs PyAV")


@contextlib.contextmanager
def _opened(path):
    av = _av()
    try:
        film = av.open(str(path))
    except av.error.InvalidDataError:
        raise ValueError(f"{path} is no film that can be read.") from None
    with film:
        yield film


def _pictures(film, path):
    """The stream of moving pictures; a cover's is none."""
    for stream in film.streams.video:
        if not stream.disposition & type(stream.disposition).attached_pic:
            stream.thread_type = "AUTO"
            return stream
    raise ValueError(f"{path} has no moving pictures.")


def _frames(film, stream):
    """Yields `(time, duration, frame)`, the times in the stream's unit."""
    unit = stream.time_base
    rate = stream.guessed_rate or stream.average_rate or 25
    usual = max(1, round(1 / (rate * unit)))
    last = None
    for frame in film.decode(stream):
        time = frame.pts
        if time is None:
            time = 0 if last is None else last + usual
        if last is not None and time <= last:  # The encoder wants an order.
            time = last + 1
        last = time
        yield time, frame.duration or usual, frame


def _pixels(frame, shape):
    """An upright frame as RGB, and its colours."""
    height, width = shape
    if frame.colorspace == _UNKNOWN:
        frame.colorspace = _HD if height >= _HD_HEIGHT else _OLD
    colors = {
        "colorspace": frame.colorspace,
        "color_primaries": frame.color_primaries,
        "color_trc": frame.color_trc,
    }
    turns = round(frame.rotation / 90) % 4
    rgb = frame.reformat(width=width, height=height, format="rgb24")
    return np.rot90(rgb.to_ndarray(), turns), turns, colors


# ---- pieces ---------------------------------------------------------------


def _folder(path):
    return path.with_name(f".{path.name}-pieces")


def _pieces(folder):
    """The whole pieces from the first on, in order."""
    names = (folder / f"{i:06}.nut" for i in itertools.count())
    return list(itertools.takewhile(pathlib.Path.exists, names))


def _about(source):
    """What tells a film from another one, without reading it."""
    status = source.stat()
    return {
        "source": str(source.resolve()),
        "bytes": status.st_size,
        "changed": status.st_mtime_ns,
        "encoder": _ENCODER,
        "av": _av().__version__,
    }


def _start(folder, plan):
    """A folder of this plan's pieces: another's are removed."""
    plan = json.loads(json.dumps(plan))
    try:
        known = json.loads((folder / _PLAN).read_text())
    except (OSError, ValueError):
        known = None
    if known != plan:
        shutil.rmtree(folder, ignore_errors=True)
        writing.write(folder / _PLAN, json.dumps(plan, indent=1))


def _make_pieces(film, stream, folder, length, function, together, on_frames):
    """Makes the pieces that are not there, and says how they end."""
    shape = (stream.codec_context.height, stream.codec_context.width)
    frames, first = _frames(film, stream), len(_pieces(folder))
    before = count = first * length
    # What is there is decoded again: that is quick, and a jump into a film may
    # land beside the frame.
    last = collections.deque(itertools.islice(frames, before), maxlen=1)
    for i in itertools.count(first):
        piece, left = _Piece(stream), length
        while left:
            some = list(itertools.islice(frames, min(left, together)))
            if not some:
                break
            last.extend(some)
            pixels, turns, colors = zip(
                *(_pixels(frame, shape) for *_, frame in some)
            )
            made = function(np.stack(pixels))
            for (time, *_), image in zip(some, made):
                piece.add(image, time, turns[0], colors[0])
            count, left = count + len(some), left - len(some)
            on_frames(count, before)
        if left < length:
            writing.write(folder / f"{i:06}.nut", piece.close())
        if left:
            break
    if not count:
        raise ValueError("A film must have frames. Received: none")
    end = {"frames": count, "duration": last[0][1]}
    writing.write(folder / _END, json.dumps(end))


class _Piece:
    """Some frames, encoded in memory."""

    def __init__(self, source):
        self.memory, self.source = io.BytesIO(), source
        self.film = _av().open(self.memory, "w", format="nut")
        self.stream = None

    def add(self, image, time, turns, colors):
        """Adds a frame.

        Args:
            image: uint8 `(height, width, 3)`.
            time: Integer, when it is shown, in the unit of the source.
            turns: Integer, how many quarters it was turned by.
            colors: Dict, what the source says of its colours.
        """
        height, width = (side - side % 2 for side in image.shape[:2])
        if self.stream is None:
            self._start(height, width, turns, colors)
        rgb = _av().VideoFrame.from_ndarray(
            np.ascontiguousarray(image[:height, :width]), format="rgb24"
        )
        frame = rgb.reformat(
            format="yuv420p",
            dst_colorspace=_MATRICES.get(colors["colorspace"], _OLD),
            dst_color_range=_LIMITED,
        )
        for name, value in colors.items():
            setattr(frame, name, value)
        frame.color_range = _LIMITED
        frame.pts, frame.time_base = time, self.source.time_base
        self.film.mux(self.stream.encode(frame))

    def _start(self, height, width, turns, colors):
        source = self.source
        self.stream = self.film.add_stream(
            "libx264",
            rate=source.average_rate or source.guessed_rate or 25,
            options=_ENCODER,
        )
        self.stream.height, self.stream.width = height, width
        self.stream.pix_fmt = "yuv420p"  # What all players know.
        context = self.stream.codec_context
        context.time_base = source.time_base
        for name, value in colors.items():
            setattr(context, name, value)
        context.color_range = _LIMITED
        aspect = source.sample_aspect_ratio  # Of DVDs, say.
        if aspect:
            context.sample_aspect_ratio = 1 / aspect if turns % 2 else aspect

    def close(self):
        """What was encoded, as bytes."""
        self.film.mux(self.stream.encode(None))
        self.film.close()
        return self.memory.getbuffer()


# ---- the film that is written ---------------------------------------------


def _join(source, path, folder, end):
    """The pieces, and the source's sound and subtitles as they are."""
    av, pieces = _av(), _pieces(folder)
    with _opened(source) as film, av.open(str(pieces[0])) as first:
        unit = _pictures(film, source).time_base
        options = {}
        if unit.numerator == 1:
            options["video_track_timescale"] = str(unit.denominator)
        with writing.temporary(path) as part:
            with av.open(str(part), "w", container_options=options) as out:
                out.metadata.update(film.metadata)
                stream = out.add_stream_from_template(
                    first.streams.video[0], opaque=True
                )
                copies = _add_copies(out, film, path)
                packets = heapq.merge(
                    _of_pieces(pieces, stream, unit, end["duration"]),
                    _of_source(film, copies),
                    key=lambda packet: packet.dts * packet.time_base,
                )
                # Some formats do not begin at zero; nobody waits for it.
                late = fractions.Fraction(max(film.start_time or 0, 0), 10**6)
                for packet in packets:
                    ticks = round(late / packet.time_base)
                    packet.pts -= ticks
                    packet.dts -= ticks
                    out.mux(packet)
            writing.move(part, path)


def _add_copies(out, film, path):
    """A dict of the streams that are copied, to those that they become."""
    names = _SUBTITLES[path.suffix.lower()]
    streams = list(film.streams.audio)
    streams += [x for x in film.streams.subtitles if _codec(x) in names]
    copies = {}
    for stream in streams:
        copies[stream] = out.add_stream_from_template(stream)
        copies[stream].metadata.update(stream.metadata)
    return copies


def _codec(stream):
    return stream.codec_context.name if stream.codec_context else None


def _of_pieces(pieces, stream, unit, last):
    """Yields the packets of pictures; the last one is `last` units long."""
    for path in pieces:
        with _av().open(str(path)) as piece:
            for packet in piece.demux(video=0):
                if packet.dts is None:  # The end.
                    continue
                packet.stream = stream
                if path == pieces[-1]:
                    packet.duration = round(last * unit / packet.time_base)
                yield packet


def _of_source(film, copies):
    """Yields the packets of what is copied."""
    if not copies:
        return
    for packet in film.demux(list(copies)):
        if packet.dts is not None:
            packet.stream = copies[packet.stream]
            yield packet


def _check_sound(film, source, path):
    """Refuses sound that a format does not hold, before anything is made."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(
            f"A film's name must end in one of {' '.join(SUFFIXES)}. Received: "
            f"{path}"
        )
    av = _av()
    names = _SUBTITLES[suffix]
    lost = {_codec(x) for x in film.streams.subtitles} - names
    if lost:
        warnings.warn(
            f"Subtitles of {source} are left out: a {suffix} does not hold "
            f"{', '.join(sorted(map(str, lost)))}.",
            stacklevel=3,
        )
    try:
        with av.open(io.BytesIO(), "w", format=_FORMATS[suffix]) as trial:
            if _add_copies(trial, film, path):
                trial.start_encoding()
    except (ValueError, av.error.FFmpegError) as error:
        kinds = {_codec(x) or "unknown" for x in film.streams.audio}
        raise ValueError(
            f"The sound of {source} does not go into a {suffix}; a .mkv holds "
            f"it. Received: {', '.join(sorted(kinds))}"
        ) from error
