"""The air of the simulated office: balances of CO2, moisture and heat in one well-mixed room."""

import math
from dataclasses import dataclass
from typing import NamedTuple, no_type_check

import numpy as np
import pandas as pd

AIR_DENSITY = 1.2  # kg/m3 at 20 °C and sea level; ASHRAE Handbook Fundamentals 2021, ch. 1
AIR_HEAT = AIR_DENSITY * 1006 / 3600  # Wh/(m3 K), from 1006 J/(kg K); same chapter
EVAPORATION = 2450.0  # J/g, heat of evaporation of water at 20 °C; same chapter
PRESSURE = 1013.25  # hPa, standard atmosphere
WATER_TO_AIR = 622.0  # g/kg, ratio of the molar masses of water and dry air
MAGNUS = (6.1094, 17.625, 243.04)  # hPa, 1, °C, over water, -40 to 50 °C; Alduchov & Eskridge 1996, eq. 21


def saturation_pressure(temperature: np.ndarray) -> np.ndarray:
    """Give the saturation pressure of water vapour by the Magnus formula (Alduchov & Eskridge 1996).

    Args:
        temperature: °C.

    Returns:
        Pressure over liquid water in hPa, of the same shape.
    """
    scale, slope, offset = MAGNUS
    return scale * np.exp(slope * temperature / (offset + temperature))


def moisture_at(dew_point: np.ndarray) -> np.ndarray:
    """Give the moisture of air from its dew point.

    Args:
        dew_point: °C.

    Returns:
        Moisture in g of water per kg of dry air, of the same shape.
    """
    vapour = saturation_pressure(dew_point)
    return WATER_TO_AIR * vapour / (PRESSURE - vapour)


def relative_humidity(moisture: np.ndarray, temperature: np.ndarray) -> np.ndarray:
    """Give the relative humidity of air.

    Args:
        moisture: g of water per kg of dry air.
        temperature: °C, of the same shape.

    Returns:
        Relative humidity in percent, at most 100, of the same shape.
    """
    vapour = PRESSURE * moisture / (WATER_TO_AIR + moisture)
    return np.minimum(100 * vapour / saturation_pressure(temperature), 100.0)


@no_type_check  # several times for each of 100,000 steps a year
def balance(
    level: float, source: float, exchange: float, inflow: float, capacity: float, hours: float
) -> float:
    """Solve capacity dx/dt = source + exchange (inflow - x) exactly, for coefficients constant over the step.

    CO2 (ppm), moisture (g/kg) and temperature (°C) all follow it.

    Args:
        level: x at the begin of the step.
        source: what is released inside, in units of x times those of `exchange`.
        exchange: flow (m3/h) or conductance (W/K); above zero.
        inflow: x of what comes in.
        capacity: volume (m3) or heat capacity (Wh/K).
        hours: length of the step.

    Returns:
        x at the end of the step.
    """
    equilibrium = inflow + source / exchange
    return equilibrium + (level - equilibrium) * math.exp(-exchange * hours / capacity)


class Air(NamedTuple):
    """The state of the room: ppm, °C, g of water per kg of dry air, m3/h of supply air, and the windows."""

    co2: float
    temperature: float
    moisture: float
    supply: float
    window_open: bool


class Surroundings(NamedTuple):
    """What holds during one step: weather (°C, g/kg, ppm, m/s, W/m2), people, the plant's mode, uniform noise."""

    temperature: float
    moisture: float
    co2: float
    wind: float
    sunlight: float
    people: int
    by_night: bool
    chance: float


@no_type_check  # likewise
@dataclass(frozen=True)
class Room:
    """An open-plan office with demand-controlled ventilation; values without a source are chosen."""

    floor: float = 140.0  # m2
    height: float = 3.0  # m
    co2_per_person: float = 0.0052  # L/s at 23 °C (0.0048 at 0 °C): 1.2-1.4 met; Persily & de Jonge 2017
    sensible_heat: float = 75.0  # W per person, office work; ASHRAE Handbook Fundamentals, ch. 18, table 1
    latent_heat: float = 55.0  # W per person; same table
    appliances: float = 80.0  # W per person present
    standby: float = 300.0  # W, always on
    lights: float = 8.0  # W/m2 while someone is in
    day_begins: float = 6.0  # h, Monday to Friday; the plant knows no holidays
    day_ends: float = 20.0  # h
    night_supply: float = 25.0  # m3/h through closed dampers
    least_supply: float = 151.0  # m3/h by day: 0.3 L/s per m2; ASHRAE 62.1, table 6-1
    most_supply: float = 403.0  # m3/h: 4 L/s for each of 14 people, 0.4 L/s per m2; EN 16798-1, category III
    least_supply_co2: float = 700.0  # ppm, from which the supply rises
    most_supply_co2: float = 1100.0  # ppm, at which it is full
    actuator_lag: float = 0.25  # h
    supply_temperature: float = 18.0  # °C
    supply_moisture: float = 9.3  # g/kg at most: saturated at a cooling coil of 13 °C
    leakage: float = 0.12  # 1/h, design infiltration, times the sum of the three terms
    leakage_base: float = 0.606  # 1; BLAST's coefficients, EnergyPlus Engineering Reference
    leakage_buoyancy: float = 0.03636  # 1/K; same source
    leakage_wind: float = 0.1177  # s/m; same source
    window_area: float = 0.8  # m2 of opening
    window_height: float = 1.2  # m
    window_wind: float = 0.001  # 1; de Gids & Phaff 1982, Air Infiltration Review 4(1)
    window_buoyancy: float = 0.0035  # m/(s2 K); same source
    window_turbulence: float = 0.01  # m2/s2; same source
    opening_rate: float = 0.2  # 1/h, on the mildest day, in air as stale and warm as below
    closing_rate: float = 0.4  # 1/h, on the mildest day
    unattended_closing_rate: float = 4.0  # 1/h, once the last one has left
    mildest: float = 20.0  # °C outside
    mild_width: float = 8.0  # K, at which e times fewer windows are opened
    least_mildness: float = 0.06  # share of the rate that is left in frost and heat
    stale: float = 800.0  # ppm
    stale_width: float = 250.0  # ppm, that make e times the rate
    warm: float = 23.0  # °C
    warm_width: float = 1.5  # K, that make e times the rate
    most_urge: float = 3.0  # logarithm of the rate at most
    heat_loss: float = 65.0  # W/K through the envelope
    heat_capacity: float = 45.8  # Wh/(K m2), medium construction, 165 kJ/(K m2); ISO 13790, table 12
    sunlit_glass: float = 2.0  # m2 times transmittance, behind blinds
    moisture_buffer: float = 5.0  # moisture held by air and surfaces over that of the air alone
    heating_by_day: float = 21.5  # °C, set point
    heating_by_night: float = 18.0  # °C
    cooling_by_day: float = 24.5  # °C
    cooling_by_night: float = 27.0  # °C
    plant_gain: float = 3000.0  # W/K, of heating and cooling
    plant_power: float = 9000.0  # W at most

    @property
    def volume(self) -> float:
        """Air in the room in m3."""
        return self.floor * self.height

    def advance(self, air: Air, now: Surroundings, hours: float) -> tuple[Air, float]:
        """Carry the air of the room over one step.

        Args:
            air: its state at the begin of the step.
            now: weather, people and plant during the step.
            hours: length of the step.

        Returns:
            The state at the end of the step, and the outdoor air that came in during it, in m3/h.
        """
        window_open = self._window(air, now, hours)
        supply = balance(air.supply, 0.0, 1.0, self._demand(air, now), self.actuator_lag, hours)
        fresh = self._infiltration(air, now) + window_open * self._window_flow(air, now)
        after = Air(
            co2=self._co2(air, now, supply + fresh, hours),
            temperature=self._temperature(air, now, supply, fresh, hours),
            moisture=self._moisture(air, now, supply, fresh, hours),
            supply=supply,
            window_open=window_open,
        )
        return after, supply + fresh

    def _co2(self, air: Air, now: Surroundings, ventilation: float, hours: float) -> float:
        litres_per_hour = 3600 * now.people * self.co2_per_person
        return balance(air.co2, 1000 * litres_per_hour, ventilation, now.co2, self.volume, hours)

    def _moisture(self, air: Air, now: Surroundings, supply: float, fresh: float, hours: float) -> float:
        grams_per_hour = 3600 * now.people * self.latent_heat / EVAPORATION
        exchange = supply + fresh
        inflow = (fresh * now.moisture + supply * min(now.moisture, self.supply_moisture)) / exchange
        capacity = self.volume * self.moisture_buffer
        return balance(air.moisture, grams_per_hour / AIR_DENSITY, exchange, inflow, capacity, hours)

    def _temperature(self, air: Air, now: Surroundings, supply: float, fresh: float, hours: float) -> float:
        too_cold = (self.heating_by_night if now.by_night else self.heating_by_day) - air.temperature
        too_warm = air.temperature - (self.cooling_by_night if now.by_night else self.cooling_by_day)
        gains = self.standby + now.people * (self.sensible_heat + self.appliances)
        gains += (now.people > 0) * self.lights * self.floor + self.sunlit_glass * now.sunlight
        gains += min(self.plant_gain * max(too_cold, 0.0), self.plant_power)
        gains -= min(self.plant_gain * max(too_warm, 0.0), self.plant_power)
        outdoors, mechanical = self.heat_loss + AIR_HEAT * fresh, AIR_HEAT * supply
        exchange = outdoors + mechanical
        inflow = (outdoors * now.temperature + mechanical * self.supply_temperature) / exchange
        return balance(air.temperature, gains, exchange, inflow, self.floor * self.heat_capacity, hours)

    def _demand(self, air: Air, now: Surroundings) -> float:
        if now.by_night:
            return self.night_supply
        share = (air.co2 - self.least_supply_co2) / (self.most_supply_co2 - self.least_supply_co2)
        return self.least_supply + min(max(share, 0.0), 1.0) * (self.most_supply - self.least_supply)

    def _infiltration(self, air: Air, now: Surroundings) -> float:
        buoyancy = self.leakage_buoyancy * abs(air.temperature - now.temperature)
        return self.volume * self.leakage * (self.leakage_base + buoyancy + self.leakage_wind * now.wind)

    def _window_flow(self, air: Air, now: Surroundings) -> float:
        buoyancy = self.window_buoyancy * self.window_height * abs(air.temperature - now.temperature)
        speed = math.sqrt(self.window_wind * now.wind**2 + buoyancy + self.window_turbulence)
        return 3600 * self.window_area / 2 * speed

    def _window(self, air: Air, now: Surroundings, hours: float) -> bool:
        """Open the windows the more readily, the milder it is outside and the warmer and staler inside."""
        bell = math.exp(-(((now.temperature - self.mildest) / self.mild_width) ** 2))
        mildness = self.least_mildness + (1 - self.least_mildness) * bell
        if air.window_open:
            rate = self.closing_rate / mildness if now.people else self.unattended_closing_rate
            return now.chance > -math.expm1(-rate * hours)
        urge = (air.co2 - self.stale) / self.stale_width + (air.temperature - self.warm) / self.warm_width
        rate = self.opening_rate * mildness * math.exp(min(urge, self.most_urge)) if now.people else 0.0
        return now.chance < -math.expm1(-rate * hours)


def simulate_air(
    room: Room,
    weather: pd.DataFrame,
    people: np.ndarray,
    by_night: np.ndarray,
    hours: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Carry the air of the room through the weather, step by step.

    Args:
        room: the room and its plant.
        weather: columns temperature (°C), moisture (g/kg), co2 (ppm), wind (m/s), sunlight (W/m2), shape (n, 5).
        people: people in the room during each step, shape (n,).
        by_night: whether the plant is set back, shape (n,).
        hours: length of a step.
        rng: source of randomness of the windows.

    Returns:
        Columns co2 (ppm), temperature (°C) and humidity (percent) at the begin of each step, and ventilation
        (m3/h) during it, shape (n, 4).
    """
    first = weather.iloc[0]
    air = Air(first["co2"], room.heating_by_night, first["moisture"], room.night_supply, window_open=False)
    columns = [weather[name].to_numpy() for name in Surroundings._fields[: weather.shape[1]]]
    columns += [people, by_night, rng.random(len(people))]
    rows = []
    for now in map(Surroundings._make, zip(*(column.tolist() for column in columns), strict=True)):
        after, ventilation = room.advance(air, now, hours)
        rows.append((air.co2, air.temperature, air.moisture, ventilation))
        air = after
    co2, temperature, moisture, ventilation = np.array(rows).T
    humidity = relative_humidity(moisture, temperature)
    return pd.DataFrame(
        {"co2": co2, "temperature": temperature, "humidity": humidity, "ventilation": ventilation},
        index=weather.index,
    )
