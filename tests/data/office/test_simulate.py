import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmkit.data.office.air import (
    Air,
    Room,
    Surroundings,
    balance,
    moisture_at,
    relative_humidity,
    saturation_pressure,
    simulate_air,
)
from lstmkit.data.office.occupancy import Team, draw_occupancy, red_noise
from lstmkit.data.office.simulate import (
    STEP_HOURS,
    Climate,
    Sensor,
    draw_gaps,
    draw_weather,
    measure,
    simulate_office,
)
from lstmkit.errors import LstmkitError
from lstmkit.params import SimulatorParams

SITE = "America/New_York"
FIVE_MINUTES = pd.Timedelta("5min")

# 360 m3/h of supply air at 18 °C, no leaks, no plant: every steady state can be worked out on paper.
SEALED = replace(Room(), night_supply=360.0, leakage=0.0, plant_gain=0.0, standby=0.0, lights=0.0)
TEN_PEOPLE = Surroundings(
    temperature=10.0, moisture=5.0, co2=420.0, wind=0.0, sunlight=0.0, people=10, by_night=True, chance=1.0
)
OUTDOOR_AIR = Air(co2=420.0, temperature=10.0, moisture=5.0, supply=360.0, window_open=False)


def positive(least: float, most: float) -> st.SearchStrategy[float]:
    return st.floats(least, most, allow_subnormal=False)  # lstmkit flushes subnormal floats


def quiet_sensor(**changes: float) -> Sensor:
    return replace(
        Sensor(co2_noise=0.0, temperature_noise=0.0, humidity_noise=0.0, offset=0.0, drift=0.0), **changes
    )


def local_steps(start: str, days: int, site: str = SITE) -> pd.DatetimeIndex:
    begin = pd.Timestamp(start, tz=site).tz_convert("UTC")
    return pd.date_range(begin, periods=288 * days, freq=FIVE_MINUTES).tz_convert(site)


@pytest.fixture(scope="module")
def year() -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    return simulate_office(SimulatorParams(), FIVE_MINUTES, SITE)


@pytest.fixture(scope="module")
def local_occupancy(year) -> pd.Series:
    return year[1]["occupancy"].tz_convert(SITE)


# The balances


def test_deviation_from_equilibrium_halves_in_ln2_volumes_of_exchange():
    half_life = math.log(2) * 100 / 50
    assert balance(1000.0, 0.0, 50.0, 400.0, 100.0, half_life) == pytest.approx(700.0, rel=1e-12)
    assert balance(400.0, 50.0 * 600.0, 50.0, 400.0, 100.0, half_life) == pytest.approx(700.0, rel=1e-12)


def test_response_to_a_constant_source_is_the_analytic_exponential():
    air, path = OUTDOOR_AIR, []
    for _ in range(36):
        air, ventilation = SEALED.advance(air, TEN_PEOPLE, STEP_HOURS)
        assert ventilation == pytest.approx(360.0)
        path.append(air.co2)
    hours = np.arange(1, 37) / 12
    rise = 10 * 0.0052e-3 * 3600 / 360 * 1e6  # people × m3/s × s/h over m3/h, in ppm
    assert path == pytest.approx(420 + rise * (1 - np.exp(-360 / 420 * hours)), rel=1e-12)


def test_steady_states_worked_out_by_hand():
    air = OUTDOOR_AIR
    for _ in range(6_000):
        air, _ = SEALED.advance(air, TEN_PEOPLE, STEP_HOURS)
    assert air.co2 == pytest.approx(420 + 520, abs=1e-6)  # 0.1872 m3/h of CO2 in 360 m3/h
    assert air.moisture == pytest.approx(5 + 808.163 / 432, abs=1e-5)  # 550 W / 2450 J/g, in 432 kg/h
    assert air.temperature == pytest.approx((1550 + 65 * 10 + 120.72 * 18) / 185.72, abs=1e-4)  # W over W/K


@given(
    level=positive(300, 5000),
    source=positive(0, 1e6),
    exchange=positive(1, 2000),
    hours=positive(0.001, 10),
)
def test_balance_approaches_its_equilibrium_whatever_the_step(level, source, exchange, hours):
    once = balance(level, source, exchange, 420.0, 420.0, hours)
    halfway = balance(level, source, exchange, 420.0, 420.0, hours / 2)
    low, high = sorted([level, 420 + source / exchange])
    assert low - 1e-6 <= once <= high + 1e-6
    assert balance(halfway, source, exchange, 420.0, 420.0, hours / 2) == pytest.approx(once, rel=1e-9)


def test_people_can_be_counted_back_from_co2_and_ventilation():
    local_time = local_steps("2023-05-01", 14)
    people = draw_occupancy(Team(), local_time, np.random.default_rng(3))
    weather = draw_weather(Climate(), local_time, np.random.default_rng(4))
    by_night = (local_time.hour < 6).astype(bool)
    air = simulate_air(Room(), weather, people, by_night, STEP_HOURS, np.random.default_rng(5))
    level, flow = air["co2"].to_numpy(), air["ventilation"].to_numpy()[:-1]
    kept = np.exp(-flow * STEP_HOURS / 420)
    equilibrium = (level[1:] - kept * level[:-1]) / (1 - kept)
    counted = flow * (equilibrium - weather["co2"].to_numpy()[:-1]) / (0.0052e-3 * 3600 * 1e6)
    assert people.max() > 5
    np.testing.assert_allclose(counted, people[:-1], atol=1e-6)


# The plant and the windows


@pytest.mark.parametrize(
    ("co2", "by_night", "supply"),
    [(500.0, False, 151.0), (900.0, False, 277.0), (2000.0, False, 403.0), (2000.0, True, 25.0)],
)
def test_supply_follows_the_demand_with_the_lag_of_its_actuator(co2, by_night, supply):
    now = TEN_PEOPLE._replace(by_night=by_night)
    air = Air(co2=co2, temperature=22.0, moisture=5.0, supply=0.0, window_open=False)
    after, _ = Room().advance(air, now, Room().actuator_lag)
    assert after.supply == pytest.approx(supply * (1 - math.exp(-1)))


def test_windows_open_in_stale_warm_air_on_mild_days_and_only_by_hand():
    stale = Air(co2=1200.0, temperature=25.0, moisture=7.0, supply=200.0, window_open=False)
    mild = TEN_PEOPLE._replace(temperature=20.0, chance=0.05)
    opened = [
        Room().advance(air, now, STEP_HOURS)[0].window_open
        for air, now in [
            (stale, mild),
            (stale, mild._replace(temperature=-5.0)),
            (stale, mild._replace(people=0)),
            (stale._replace(co2=500.0, temperature=21.0), mild),
        ]
    ]
    assert opened == [True, False, False, False]


def test_open_windows_and_wind_bring_more_air():
    closed = Air(co2=600.0, temperature=22.0, moisture=7.0, supply=25.0, window_open=False)
    calm = TEN_PEOPLE._replace(temperature=20.0)
    still = Room().advance(closed, calm, STEP_HOURS)[1]
    windy = Room().advance(closed, calm._replace(wind=8.0), STEP_HOURS)[1]
    airy = Room().advance(closed._replace(window_open=True), calm._replace(wind=8.0), STEP_HOURS)[1]
    assert windy - still == pytest.approx(420 * 0.12 * 0.1177 * 8)
    assert airy - windy == pytest.approx(3600 * 0.8 / 2 * math.sqrt(0.001 * 64 + 0.0035 * 1.2 * 2 + 0.01))


def test_heating_holds_the_office_above_its_night_set_point_in_frost():
    frost = TEN_PEOPLE._replace(temperature=-15.0, people=0)
    air = Air(co2=420.0, temperature=22.0, moisture=3.0, supply=25.0, window_open=False)
    for _ in range(2000):
        air, _ = Room().advance(air, frost, STEP_HOURS)
    assert 16.5 < air.temperature < 18.0


# Water in air


def test_saturation_pressure_agrees_with_the_steam_table():
    kilopascal = [0.6113, 1.2281, 2.3388, 3.1690, 4.2455]
    temperature = np.array([0.0, 10.0, 20.0, 25.0, 30.0])
    assert saturation_pressure(temperature) == pytest.approx(10 * np.array(kilopascal), rel=0.004)


def test_relative_humidity_agrees_with_the_psychrometric_chart():
    moisture, temperature = np.array([9.88, 4.94, 30.0]), np.array([25.0, 25.0, 10.0])  # g/kg, °C
    assert relative_humidity(moisture, temperature) == pytest.approx([50.0, 25.2, 100.0], abs=0.2)


def test_air_at_its_dew_point_is_saturated():
    temperature = np.linspace(-20, 30, 11)
    assert relative_humidity(moisture_at(temperature), temperature) == pytest.approx(100.0)


# The sensor


def test_readings_are_whole_steps_of_the_resolution():
    air = pd.DataFrame({"co2": [612.4, 612.6], "temperature": [21.04, 21.06], "humidity": [40.26, 40.24]})
    reading = measure(quiet_sensor(fresh_air=612.4), air, np.random.default_rng(0))
    assert reading.to_numpy().tolist() == [[612.0, 21.0, 40.3], [613.0, 21.1, 40.2]]


def test_recalibration_halves_a_wrong_baseline_every_week():
    weeks = 5
    air = pd.DataFrame({"co2": np.full(weeks * 2016, 425.0), "temperature": 21.0, "humidity": 40.0})
    reading = measure(quiet_sensor(offset=50.0, co2_step=1e-6), air, np.random.default_rng(1))["co2"]
    error = reading.to_numpy().reshape(weeks, 2016) - 425.0
    assert abs(error[0, 0]) > 5
    np.testing.assert_allclose(
        error, np.outer(0.5 ** np.arange(weeks), np.full(2016, error[0, 0])), atol=1e-5
    )


def test_noise_has_the_spread_of_the_data_sheet():
    air = pd.DataFrame({"co2": np.full(2016, 425.0), "temperature": 21.0, "humidity": 40.0})
    spread = measure(replace(Sensor(), offset=0.0, drift=0.0), air, np.random.default_rng(2)).std()
    expected = [
        math.hypot(5, 1 / math.sqrt(12)),
        math.hypot(0.05, 0.1 / math.sqrt(12)),
        math.hypot(0.2, 0.1 / math.sqrt(12)),
    ]
    np.testing.assert_allclose(spread, expected, rtol=0.06)


@pytest.mark.parametrize("seed", range(5))
def test_gaps_are_many_short_ones_and_four_long_ones(seed):
    lost = pd.Series(draw_gaps(Sensor(), 365 * 288, np.random.default_rng(seed)))
    lengths = lost.groupby((lost != lost.shift()).cumsum()).sum()
    lengths = lengths[lengths > 0]
    assert 3 <= (lengths > 12).sum() <= 5
    assert 80 <= (lengths <= 12).sum() <= 111
    assert 0.003 < lost.mean() < 0.015
    assert not lost.iloc[0] and not lost.iloc[-1]


# The people


def test_red_noise_is_stationary_from_its_first_step():
    noise = red_noise(np.random.default_rng(0), (3, 40_000), memory=2.0, deviation=3.0)
    np.testing.assert_allclose(noise.std(axis=1), 3.0, rtol=0.02)
    assert np.corrcoef(noise[0], noise[2])[0, 1] == pytest.approx(math.exp(-1), abs=0.02)


@pytest.mark.parametrize("site", [SITE, "Europe/Zurich", "Australia/Lord_Howe"])
def test_arrivals_keep_to_the_local_clock_when_it_changes(site):
    punctual = replace(
        Team(), arrival_spread=0.0, daily_spread=0.0, weekdays=(99.0,) * 5, vacation=0.0, leave_rate=0.0
    )
    local_time = local_steps("2023-01-01", 365, site)
    people = pd.Series(draw_occupancy(punctual, local_time, np.random.default_rng(0)), local_time)
    full = people[people >= punctual.people]
    first = full.groupby(full.index.date).apply(lambda day: day.index[0])
    assert len(first) > 240
    assert {moment.strftime("%H:%M") for moment in first} == {"08:45"}
    assert len({moment.tz_convert("UTC").strftime("%H:%M") for moment in first}) == 2


def test_working_hours_are_the_same_on_the_clock_in_january_and_july(local_occupancy):
    def centre(month: int) -> float:
        part = local_occupancy[
            (local_occupancy.index.month == month) & (local_occupancy.index.day_of_week < 5)
        ]
        hour = part.index.hour + part.index.minute / 60
        return float(np.average(hour, weights=part))

    assert centre(7) == pytest.approx(centre(1), abs=0.4)
    assert 12 < centre(1) < 14


def test_weekends_and_holidays_are_nearly_empty(local_occupancy):
    office_hours = local_occupancy[(local_occupancy.index.hour >= 10) & (local_occupancy.index.hour < 16)]
    daily = office_hours.groupby(office_hours.index.date).mean()
    daily.index = pd.to_datetime(daily.index)
    holidays = pd.to_datetime(["2023-05-29", "2023-07-04", "2023-09-04", "2023-11-23", "2023-12-25"])
    working = daily[(daily.index.day_of_week < 5) & ~daily.index.isin(holidays)]
    assert working.mean() > 5
    assert daily[daily.index.day_of_week >= 5].mean() < 0.1 * working.mean()
    assert daily[holidays].mean() < 0.1 * working.mean()
    assert daily["2023-12-20":"2023-12-29"].mean() < 0.7 * working.mean()


def test_people_are_whole_never_negative_and_gone_at_night(local_occupancy):
    assert (local_occupancy >= 0).all()
    assert (local_occupancy % 1 == 0).all()
    assert (local_occupancy[local_occupancy.index.hour < 5] == 0).all()
    assert 16 < local_occupancy.max() < 60


@pytest.mark.parametrize(
    "alone", [{"personal_spread": 0.1, "leave_rate": 0.0}, {"mood_spread": 0.0, "leave_rate": 0.0}]
)
def test_attendance_persists_by_the_mood_of_all_and_by_each_persons_own(alone):
    steady = replace(Team(), vacation=0.0, bridge_day=0.0, visits=0.0, meeting_held=0.0, **alone)
    local_time = local_steps("2023-01-01", 3 * 365)
    people = pd.Series(draw_occupancy(steady, local_time, np.random.default_rng(1)), local_time)
    people = people[(people.index.hour >= 10) & (people.index.hour < 17)]
    daily = people.groupby(people.index.date).max()
    daily = daily[(pd.DatetimeIndex(daily.index).day_of_week < 5) & (daily > 1)]
    deviation = daily - daily.groupby(pd.DatetimeIndex(daily.index).day_of_week).transform("mean")
    assert deviation.autocorr(1) > 0.4
    assert deviation.autocorr(1) > deviation.autocorr(15) + 0.2


# The whole


def test_same_seed_same_office_and_another_seed_another(year):
    short = SimulatorParams(seed=7, days=10)
    first, again = (simulate_office(short, FIVE_MINUTES, SITE) for _ in range(2))
    other = simulate_office(SimulatorParams(seed=8, days=10), FIVE_MINUTES, SITE)
    pd.testing.assert_frame_equal(first[0], again[0], check_exact=True)
    pd.testing.assert_frame_equal(first[1], again[1], check_exact=True)
    common = first[0].index.intersection(other[0].index)
    assert (first[0].loc[common, "temperature"] != other[0].loc[common, "temperature"]).mean() > 0.5


def test_the_sensor_never_tells_the_latents(year):
    measurements, latents, units = year
    assert list(measurements) == ["co2", "temperature", "humidity"]
    assert list(latents) == ["occupancy", "ventilation"]
    assert units == {
        "co2": "ppm",
        "temperature": "degC",
        "humidity": "percent",
        "occupancy": "people",
        "ventilation": "m3/h",
    }


def test_the_latents_have_no_gaps_and_begin_at_local_midnight(year):
    measurements, latents, _ = year
    assert latents.index[0] == pd.Timestamp("2023-01-01 05:00", tz="UTC")
    assert len(latents) == 365 * 288
    assert (latents.index.to_series().diff().dropna() == FIVE_MINUTES).all()
    assert latents.notna().all(axis=None) and measurements.notna().all(axis=None)
    assert measurements.index.isin(latents.index).all()
    assert 0.003 < 1 - len(measurements) / len(latents) < 0.02


def test_a_year_looks_like_an_office(year):
    measurements, latents, _ = year
    local = measurements.tz_convert(SITE)
    weekday = local.index.day_of_week < 5
    night = local.loc[local.index.hour.isin([4, 5]), "co2"]
    peaks = local.loc[weekday, "co2"].groupby(local.index[weekday].date).max()
    assert 490 < local["co2"].mean() < 610
    assert 415 < night.median() < 455
    assert 750 < peaks.median() < 1200
    assert local["co2"].between(370, 1700).all()
    assert local["temperature"].between(14, 30).all()
    assert local["humidity"].between(5, 90).all()
    assert latents["ventilation"].between(30, 2500).all()
    assert (
        local["humidity"][local.index.month == 7].mean()
        > local["humidity"][local.index.month == 1].mean() + 15
    )


def test_days_differ_more_than_the_week_explains(year):
    co2 = year[0]["co2"].tz_convert(SITE)
    hour_of_week = co2.index.day_of_week * 24 + co2.index.hour
    unexplained = (co2 - co2.groupby(hour_of_week).transform("mean")).std() / co2.std()
    assert 0.3 < unexplained < 0.7


@pytest.mark.parametrize("interval", ["1min", "299s"])
def test_a_grid_finer_than_the_sensor_is_refused(interval):
    with pytest.raises(LstmkitError, match="every 0 days 00:05:00"):
        simulate_office(SimulatorParams(days=1), pd.Timedelta(interval), SITE)


@pytest.mark.parametrize("site", ["UTC", "Asia/Kathmandu", "America/Santiago"])
def test_one_day_anywhere(site):
    measurements, latents, _ = simulate_office(
        SimulatorParams(start="2023-09-03", days=1), pd.Timedelta("1h"), site
    )
    assert len(latents) == 288
    assert len(measurements) > 40
    assert latents.index[0].tz_convert(site).date() == pd.Timestamp("2023-09-03").date()
