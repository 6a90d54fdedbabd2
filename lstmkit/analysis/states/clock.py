"""Where in the shortest cycle that a series resolves a moment lies: hour of day, day of week, or time of year."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.data.calendar import Calendar
from lstmkit.data.clock import hour_of_day, phase_of_year, place_name


@dataclass(frozen=True)
class Clock:
    """The phase of a cycle.

    Attributes:
        cycle: `day`, `week` or `year`.
        name: of the phase.
        period: of the cycle, in `unit`.
        unit: of the phase: hours, days or months.
        column: name of the phase in tables.
    """

    cycle: str
    name: str
    period: float
    unit: str
    column: str

    def read(self, local_time: pd.DatetimeIndex) -> Float[np.ndarray, "time"]:
        """The phase at each time stamp, from 0 to the period.

        Args:
            local_time: time stamps on the site's clock.
        """
        if self.cycle == "year":
            return self.period * phase_of_year(local_time)
        hours = hour_of_day(local_time)
        return hours if self.cycle == "day" else local_time.day_of_week.to_numpy("float64") + hours / 24

    def shown(self, phase: float) -> str:
        """A whole phase as a label: `14:00`, `Tuesday` or `May`.

        Args:
            phase: in `unit`, below the period.
        """
        if self.cycle == "day":
            return f"{phase:02.0f}:00"
        return place_name("weekday" if self.cycle == "week" else "month", int(phase))


CLOCKS = {
    clock.cycle: clock
    for clock in (
        Clock("day", "hour of day", 24.0, "h", "hour"),
        Clock("week", "day of week", 7.0, "days", "day_of_week"),
        Clock("year", "time of year", 12.0, "months", "time_of_year"),
    )
}


def clock_of(calendar: Calendar) -> Clock | None:
    """The clock of the shortest cycle that the steps of a series resolve; None where they resolve none.

    Args:
        calendar: of the series.
    """
    return None if calendar.season is None else CLOCKS[calendar.season.name]
