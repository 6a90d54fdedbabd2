"""Simulates a year of office air as an imperfect sensor would record it, and keeps what it does not see."""

import math
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy.special import expit

from lstmkit.data.office.air import Room, moisture_at, simulate_air
from lstmkit.data.office.occupancy import SATURDAY, Team, draw_occupancy, red_noise
from lstmkit.errors import LstmkitError
from lstmkit.params import SimulatorParams

Angle = TypeVar("Angle", float, np.ndarray)
SAMPLING = pd.Timedelta("5min")
STEP_HOURS = SAMPLING / pd.Timedelta("1h")
STEPS_PER_DAY = pd.Timedelta("1D") // SAMPLING
OBLIQUITY = 23.44  # degrees, of the Earth's axis
EQUINOX = 80.0  # day of the year, in March
UNITS = {
    "co2": "ppm",
    "temperature": "degC",
    "humidity": "percent",
    "occupancy": "people",
    "ventilation": "m3/h",
}


@dataclass(frozen=True)
class Climate:
    """A city in the north-east of the United States; solar time; values without a source are chosen."""

    latitude: float = 42.0  # degrees north
    temperature: float = 11.0  # °C, annual mean; NOAA normals 1991-2020, Boston
    annual_swing: float = 12.0  # K, half the range of the monthly normals; same source
    daily_swing: float = 4.0  # K, half the mean range of a day; same source
    coldest_day: float = 24.0  # day of the year
    warmest_hour: float = 15.0  # h
    synoptic_spread: float = 4.0  # K, from weather systems
    synoptic_season: float = 0.3  # share by which winter's weather varies more, and summer's less
    synoptic_memory: float = 60.0  # h
    dew_point_depression: float = 5.5  # K below the day's mean temperature, mean
    dew_point_follows: float = 0.7  # share of a weather system's warmth found in its dew point
    dew_point_spread: float = 2.5  # K
    dew_point_memory: float = 30.0  # h
    cloud_spread: float = 2.0  # log-odds of the sky's covered share
    cloud_memory: float = 12.0  # h
    cloud_calm: float = 0.8  # share of the daily swing between a clear and a covered sky
    wind: float = 4.5  # m/s, median
    wind_spread: float = 0.45  # of its logarithm
    wind_memory: float = 12.0  # h
    co2: float = 421.1  # ppm, annual mean of 2023; NOAA, Mauna Loa
    co2_growth: float = 2.4  # ppm per year; NOAA, Mauna Loa, mean of 2013-2023
    co2_season: float = 6.0  # ppm, half the seasonal range at middle latitudes; NOAA (Mauna Loa: 3.5)
    co2_peak_day: float = 125.0  # day of the year; NOAA, Mauna Loa: early May
    co2_city: float = 7.0  # ppm above the background, mean
    co2_night: float = 6.0  # ppm, half the daily range: shallow air at night
    co2_night_hour: float = 4.0  # h, of its peak
    co2_spread: float = 6.0  # ppm
    co2_memory: float = 10.0  # h


@dataclass(frozen=True)
class Sensor:
    """A sensor of the kind of Sensirion's SCD30 and SCD41; values without a source are chosen."""

    co2_noise: float = 5.0  # ppm; half the repeatability of 10 ppm, SCD30 and SCD41 data sheets
    temperature_noise: float = 0.05  # °C; half the repeatability of 0.1 °C, SCD41 data sheet
    humidity_noise: float = 0.2  # percent; half the repeatability of 0.4 %RH, SCD41 data sheet
    offset: float = 8.0  # ppm, standard deviation when new; accuracy 30 ppm + 3 %, SCD30 data sheet
    drift: float = 3.0  # ppm per square root of a week; at most 50 ppm over its lifetime, SCD30 data sheet
    calibration_period: int = 7  # days; automatic self-calibration, SCD30 data sheet
    calibration_share: float = 0.5  # of the error found, corrected each time
    fresh_air: float = 425.0  # ppm, for which the lowest value of a period is taken
    co2_step: float = 1.0  # ppm, resolution
    temperature_step: float = 0.1  # °C, resolution
    humidity_step: float = 0.1  # percent, resolution
    short_gaps: float = 110.0  # per year
    short_gap: tuple[int, int] = (1, 11)  # samples: five minutes to under an hour
    long_gaps: float = 4.0  # per year: power and network
    long_gap: tuple[int, int] = (48, 240)  # samples: four to twenty hours


def simulate_office(
    params: SimulatorParams, interval: pd.Timedelta, site_timezone: str
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Simulate what a sensor in an office records, and what it does not see.

    A measurement at time t is the air at t; occupancy and ventilation at t hold from t to t + 5 minutes.

    Args:
        params: seed, first local day and number of days.
        interval: time between rows of the grid on which the series will be put; at least the sensor's 5 minutes.
        site_timezone: IANA zone of the site, by whose clock people and plant live.

    Returns:
        The measurements (n - gaps, 3), float, on a UTC index that lacks the rows of the gaps; the latents (n, 2)
        occupancy and ventilation, on the full UTC index; and the unit of each column of both.

    Raises:
        LstmkitError: the grid is finer than the sensor's sampling.
    """
    if interval < SAMPLING:
        raise LstmkitError(f"data.interval is {interval}, but the simulated sensor samples every {SAMPLING}")
    index = _index(params, site_timezone)
    seeds = np.random.SeedSequence(params.seed).spawn(5)
    weather_rng, people_rng, window_rng, sensor_rng, gap_rng = map(np.random.default_rng, seeds)
    local_time = index.tz_convert(site_timezone)
    weather = draw_weather(Climate(), local_time, weather_rng)
    people = draw_occupancy(Team(), local_time, people_rng)
    by_night = _by_night(Room(), local_time)
    air = simulate_air(Room(), weather, people, by_night, STEP_HOURS, window_rng)
    measurements = measure(Sensor(), air[["co2", "temperature", "humidity"]], sensor_rng)
    lost = draw_gaps(Sensor(), len(index), gap_rng)
    latents = air[["ventilation"]].assign(occupancy=people.astype(float))[["occupancy", "ventilation"]]
    return measurements[~lost], latents, dict(UNITS)


def _index(params: SimulatorParams, site_timezone: str) -> pd.DatetimeIndex:
    midnight = pd.Timestamp(date.fromisoformat(params.start))
    start = midnight.tz_localize(site_timezone, ambiguous=True, nonexistent="shift_forward")
    return pd.date_range(
        start.tz_convert("UTC"), periods=params.days * STEPS_PER_DAY, freq=SAMPLING, unit="us"
    )


def _by_night(room: Room, local_time: pd.DatetimeIndex) -> np.ndarray:
    hour = local_time.hour + local_time.minute / 60
    return np.asarray(
        (local_time.day_of_week >= SATURDAY) | (hour < room.day_begins) | (hour >= room.day_ends)
    )


def draw_weather(climate: Climate, local_time: pd.DatetimeIndex, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the weather and the outdoor air: cycles of the year and of the sun's day, and persistent noise.

    Args:
        climate: means, cycles and noise.
        local_time: begin of each step on the site's clock, shape (n,).
        rng: source of randomness.

    Returns:
        Columns temperature (°C), moisture (g/kg), co2 (ppm), wind (m/s) and sunlight (W/m2), shape (n, 5).
    """

    def noise(memory_hours: float, deviation: float) -> np.ndarray:
        return red_noise(rng, local_time.shape, memory_hours / STEP_HOURS, deviation)

    year, day = _angles(local_time)
    winter = np.cos(year - _day_angle(climate.coldest_day))
    seasonal = climate.temperature - climate.annual_swing * winter
    synoptic = noise(climate.synoptic_memory, climate.synoptic_spread)
    synoptic *= 1 + climate.synoptic_season * winter
    cloud = expit(noise(climate.cloud_memory, climate.cloud_spread))
    swing = climate.daily_swing * (1 + climate.cloud_calm * (0.5 - cloud))
    temperature = seasonal + synoptic + swing * np.cos(day - _hour_angle(climate.warmest_hour))
    dew_point = seasonal + climate.dew_point_follows * synoptic - climate.dew_point_depression
    dew_point += noise(climate.dew_point_memory, climate.dew_point_spread)
    years = (local_time.year - 2023.5) + year / (2 * np.pi)
    co2 = climate.co2 + climate.co2_growth * years + climate.co2_city
    co2 += climate.co2_season * np.cos(year - _day_angle(climate.co2_peak_day))
    co2 += climate.co2_night * np.cos(day - _hour_angle(climate.co2_night_hour))
    co2 += noise(climate.co2_memory, climate.co2_spread)
    return pd.DataFrame(
        {
            "temperature": temperature,
            "moisture": moisture_at(np.minimum(dew_point, temperature)),
            "co2": co2,
            "wind": climate.wind * np.exp(noise(climate.wind_memory, climate.wind_spread)),
            "sunlight": _sunlight(climate.latitude, year, day, cloud),
        },
        index=local_time.tz_convert("UTC"),
    )


def _day_angle(day_of_year: Angle) -> Angle:
    return 2 * math.pi * day_of_year / 365.25


def _hour_angle(hour: Angle) -> Angle:
    return 2 * math.pi * hour / 24


def _angles(local_time: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    """Angle of the year, and of the sun's day, which knows no daylight saving."""
    ahead = (local_time.tz_localize(None) - local_time.tz_convert("UTC").tz_localize(None)).min()
    solar = local_time.tz_convert("UTC").tz_localize(None) + ahead
    hour = (solar.hour + solar.minute / 60).to_numpy()
    return _day_angle(solar.day_of_year.to_numpy() - 1 + hour / 24), _hour_angle(hour)


def _sunlight(latitude: float, year: np.ndarray, day: np.ndarray, cloud: np.ndarray) -> np.ndarray:
    """Irradiance of the ground in W/m2 under a sky covered to a share of `cloud` (Kasten & Czeplak 1980)."""
    declination = np.radians(OBLIQUITY) * np.sin(year - _day_angle(EQUINOX))
    height = np.sin(np.radians(latitude)) * np.sin(declination)
    height -= np.cos(np.radians(latitude)) * np.cos(declination) * np.cos(day)
    return np.maximum(910 * height - 30, 0.0) * (1 - 0.75 * cloud**3.4)


def measure(sensor: Sensor, air: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Read the sensor: drift, automatic calibration, noise, resolution.

    Args:
        sensor: its faults.
        air: columns co2 (ppm), temperature (°C) and humidity (percent), shape (n, 3), one row per 5 minutes.
        rng: source of randomness.

    Returns:
        The readings, of the same shape, index and columns.
    """
    noise = rng.normal(size=air.shape) * [sensor.co2_noise, sensor.temperature_noise, sensor.humidity_noise]
    reading = air.assign(co2=_drifting(sensor, air["co2"].to_numpy(), rng)) + noise
    resolution = np.array([sensor.co2_step, sensor.temperature_step, sensor.humidity_step])
    return ((reading / resolution).round() * resolution).round(6).clip(lower=0)


def _drifting(sensor: Sensor, co2: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    week = 7 * STEPS_PER_DAY
    wander = np.cumsum(rng.normal(0, sensor.drift / math.sqrt(week), len(co2)))
    reading = co2 + rng.normal(0, sensor.offset) + wander
    period, correction = sensor.calibration_period * STEPS_PER_DAY, 0.0
    for begin in range(0, len(co2), period):
        part = reading[begin : begin + period]
        part -= correction
        correction += sensor.calibration_share * (part.min() - sensor.fresh_air)
    return reading


def draw_gaps(sensor: Sensor, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw which samples are lost: many short gaps, a few long ones, never the first or the last sample.

    Args:
        sensor: how many gaps, and of what lengths.
        size: number of samples.
        rng: source of randomness.

    Returns:
        Whether each sample is lost, shape (size,).
    """
    lost = np.zeros(size, dtype=bool)
    years = size / (365 * STEPS_PER_DAY)
    short, long = (sensor.short_gaps, sensor.short_gap), (sensor.long_gaps, sensor.long_gap)
    for rate, (shortest, longest) in (short, long):
        count = math.floor(rate * years + rng.random())
        length = np.exp(rng.uniform(np.log(shortest), np.log(longest + 1), count)).astype(int)
        for begin, steps in zip(rng.integers(1, max(size - longest - 1, 2), count), length, strict=True):
            lost[begin : min(begin + steps, size - 1)] = True
    return lost
