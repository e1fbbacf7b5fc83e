"""How a run is getting on: one bar over all of it, or a line now and then."""

import shutil
import threading
import time

import keras

SILENT, BAR, LINES = 0, 1, 2  # As `verbose` of Keras.
BAR_EVERY, LINE_EVERY = 0.5, 30.0  # seconds
CELLS = 12  # of the bar
ESTIMATE_AFTER = 100  # steps
LONG = 3600  # seconds, after which there is something to say of it


class Progress(keras.callbacks.Callback):
    """Shows the step, the speed, what is left, and the losses.

    It reads no logs but those that are on the host already, in Keras's callback
    threads: no step waits for it.

    Args:
        total: Integer, the steps of the run.
        batch_size: Integer.
        unit: String, what examples are called, as `"images"`.
        verbose: 0 for silence, 1 for a line that is drawn again and again, 2
            for plain lines.
        report: Function that prints a line.
    """

    async_safe = True

    def __init__(self, total, batch_size, unit, verbose, report=print):
        super().__init__()
        self.total, self.batch_size, self.unit = total, batch_size, unit
        self.verbose, self.report = verbose, report
        self.first = self.done = self.before_epoch = 0
        # Since when there is something to go by, (seconds, step): the first
        # step compiles. Of the whole run, and of this epoch.
        self.clock = self.epoch_clock = None
        self.next_look, self.width, self.logs = 0.0, 0, {}
        self.speed, self.is_estimated = [], False
        self._lock = threading.RLock()

    def start(self, step):
        """Begins at a step, of a run that goes on."""
        self.first = self.done = step

    # ---- what Keras calls --------------------------------------------------

    def on_epoch_begin(self, epoch, logs=None):
        self.before_epoch, self.epoch_clock = self.done, None

    def on_train_batch_end(self, batch, logs=None):
        # Several threads may be here at once, in any order.
        with self._lock:
            step = self.before_epoch + batch + 1
            if step <= self.done or self.verbose == SILENT:
                self.done = max(step, self.done)
                return
            self.done, self.logs = step, logs or {}
            now = time.perf_counter()
            self.epoch_clock = self.epoch_clock or (now, step)
            if self.clock is None:
                self.clock = (now, step)
                self.next_look = now + self._interval() * (self.verbose - 1)
            self._estimate(now)
            if now >= self.next_look:
                self._show(now)

    def on_epoch_end(self, epoch, logs=None):
        now = time.perf_counter()
        self.speed = self._speed(now)
        if self.verbose == BAR:  # It is there while scores are taken.
            with self._lock:
                self.logs = logs or {}
                self._show(now)

    # ---- what is said ------------------------------------------------------

    def say(self, line):
        """Prints a line, for which the bar makes room."""
        with self._lock:
            self._clear()
            self.report(line.strip("\n"))

    def evaluated(self, row, is_best):
        """Says what was measured.

        Args:
            row: Dict, a row of the log.
            is_best: Boolean, whether the run has no better one.
        """
        if self.verbose == SILENT:
            return
        numbers = {k: v for k, v in row.items() if k not in ("step", "seconds")}
        parts = _numbers(numbers)
        if self.verbose == LINES:
            parts += self.speed
            self.next_look = time.perf_counter() + LINE_EVERY
        self.say(
            f"step {row['step']:,} of {self.total:,}: {', '.join(parts)}"
            f"{' (best so far)' * is_best}"
        )

    def close(self):
        """Leaves nothing of the bar."""
        with self._lock:
            self._clear()

    def _interval(self):
        return BAR_EVERY if self.verbose == BAR else LINE_EVERY

    def _estimate(self, now):
        since, step = self.clock
        enough = self.done - self.first >= ESTIMATE_AFTER
        if self.is_estimated or not enough or self.done == step:
            return
        self.is_estimated = True
        pace = (now - since) / (self.done - step)
        left = self.total - self.first
        more = " more" if self.first else ""
        self.say(
            f"{left:,} steps{more} take about {duration(left * pace)} "
            f"({_rate(1 / pace)} a second), and scores and pictures their own "
            f"time{advice(left * pace)}"
        )

    def _show(self, now):
        self.next_look = now + self._interval()
        counted = f"{self.done:,}/{self.total:,}"
        if self.verbose == LINES:
            parts = [*self._speed(now), *_numbers(self.logs)]
            self.say(f"step {counted}: {', '.join(parts)}")
            return
        share = min(self.done / self.total, 1)
        bar = "=" * int(share * CELLS)
        bar += ">" * (len(bar) < CELLS)
        line = f"{counted} [{bar:<{CELLS}}]"
        columns = shutil.get_terminal_size().columns - 1
        for part in (*self._speed(now), *_numbers(self.logs)):
            if len(line) + len(part) + 2 > columns:
                break
            line += f"  {part}"
        line = line[:columns]
        print(f"\r{line:<{self.width}}", end="", flush=True)
        self.width = len(line)

    def _speed(self, now):
        """Examples in a second of training, and the time that is left."""
        if self.clock is None or self.done == self.clock[1]:
            return []
        parts = []
        since, step = self.epoch_clock
        if self.done > step:
            rate = (self.done - step) * self.batch_size / (now - since)
            parts.append(f"{_rate(rate)} {self.unit}/s")
        since, step = self.clock
        left = (now - since) / (self.done - step) * (self.total - self.done)
        minutes, seconds = divmod(round(left), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{minutes}:{seconds:02}"
        if hours:
            clock = f"{hours}:{minutes:02}:{seconds:02}"
        return [*parts, f"ETA {clock}"]

    def _clear(self):
        if self.width:
            print("\r" + " " * self.width + "\r", end="", flush=True)
            self.width = 0


def _rate(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _numbers(values):
    return [f"{name} {float(value):.4g}" for name, value in values.items()]


_UNITS = (  # Up to how many seconds each is used, and its length.
    (90, 1, "second"),
    (90 * 60, 60, "minute"),
    (48 * 3600, 3600, "hour"),
    (float("inf"), 86400, "day"),
)


def advice(seconds):
    """What makes a long run shorter, a clause; nothing for a short one."""
    if seconds < LONG:
        return ""
    return (
        "; fewer --steps, a smaller --batch-size or, of a new model, "
        "--set filters=32 and the like make it shorter"
    )


def duration(seconds):
    """A time in words, as `"12 minutes"`."""
    length, unit = next(u for limit, *u in _UNITS if seconds < limit)
    count = seconds / length
    text = f"{count:.0f}" if count >= 10 or length == 1 else f"{count:.1f}"
    return f"{text} {unit}{'' if text == '1' else 's'}"
