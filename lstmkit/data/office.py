"""The air of the simulated office: balances of CO2, moisture and heat in one well-mixed room."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

AIR_DENSITY = 1.2  # kg/m3 at 20 °C and sea level; ASHRAE Handbook Fundamentals 2021, ch. 1
AIR_HEAT = AIR_DENSITY * 1006 / 3600  # Wh/(m3 K), from 1006 J/(kg K); same chapter
EVAPORATION = 2450.0  # J/g, heat of evaporation of water at 20 °C; same chapter
PRESSURE = 1013.25  # hPa, standard atmosphere
WATER_TO_AIR = 622.0  # g/kg, ratio of the molar masses of water and dry air
MAGNUS = (6.1094, 17.625, 243.04)  # hPa, 1, °C, over water, -40 to 50 °C; Alduchov & Eskridge 1996, eq. 21


@dataclass(frozen=True)
class Room:
    """An open-plan office with demand-controlled ventilation; values without a source are chosen."""

    floor: float = 140.0  # m2
    height: float = 3.0  # m
    co2_per_person: float = (
        0.0052  # L/s at 23 °C: 0.0048 at 0 °C, adult at 1.2-1.4 met; Persily & de Jonge 2017
    )
    sensible_heat: float = 75.0  # W per person, office work; ASHRAE Handbook Fundamentals, ch. 18, table 1
    latent_heat: float = 55.0  # W per person; same table
    appliances: float = 80.0  # W per person present
    standby: float = 300.0  # W, always on
    lights: float = 8.0  # W/m2 while someone is in
    supply_by_day: tuple[float, float] = (
        151.0,
        403.0,
    )  # m3/h. Least: 0.3 L/s per m2, ASHRAE 62.1, table 6-1.
    # Most: 4 L/s for each of 14 people and 0.4 L/s per m2, EN 16798-1, category III.
    demand_co2: tuple[float, float] = (
        600.0,
        1000.0,
    )  # ppm, from which the supply rises, and at which it is full
    supply_by_night: float = 25.0  # m3/h through closed dampers
    actuator_lag: float = 0.25  # h
    supply_temperature: float = 18.0  # °C
    supply_moisture: float = 9.3  # g/kg at most: saturated at a cooling coil of 13 °C
    leakage: float = 0.12  # 1/h, design infiltration, times the sum of the terms below
    leakage_terms: tuple[float, float, float] = (0.606, 0.03636, 0.1177)  # 1, 1/K, s/m; BLAST, see EnergyPlus
    window_area: float = 0.8  # m2 of opening
    window_height: float = 1.2  # m
    window_terms: tuple[float, float, float] = (
        0.001,
        0.0035,
        0.01,
    )  # 1, m/(s2 K), m2/s2; de Gids & Phaff 1982
    opening_rate: float = 0.2  # 1/h at 20 °C outside, 23 °C inside and 800 ppm
    closing_rate: float = 0.4  # 1/h at 20 °C outside
    unattended_closing_rate: float = 4.0  # 1/h, once the last one has left
    heat_loss: float = 65.0  # W/K through the envelope
    heat_capacity: float = 45.8  # Wh/(K m2), medium construction, 165 kJ/(K m2); ISO 13790, table 12
    sunlit_glass: float = 2.0  # m2 times transmittance, behind blinds
    moisture_buffer: float = 5.0  # moisture held by air and surfaces over that of the air alone
    heating: tuple[float, float] = (21.5, 18.0)  # °C, set points by day and by night
    cooling: tuple[float, float] = (24.5, 27.0)  # °C, set points by day and by night
    plant_gain: float = 3000.0  # W/K, of heating and cooling
    plant_power: float = 9000.0  # W at most

    @property
    def volume(self) -> float:
        """Air in the room in m3."""
        return self.floor * self.height


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


def advance(room: Room, air: Air, now: Surroundings, hours: float) -> tuple[Air, float]:
    """Carry the air of the room over one step.

    Args:
        room: the room and its plant.
        air: its state at the begin of the step.
        now: weather, people and plant during the step.
        hours: length of the step.

    Returns:
        The state at the end of the step, and the outdoor air that came in during it, in m3/h.
    """
    window_open = _window(room, air, now, hours)
    supply = balance(air.supply, 0.0, 1.0, _demand(room, air, now), room.actuator_lag, hours)
    fresh = _infiltration(room, air, now) + window_open * _window_flow(room, air, now)
    after = Air(
        co2=_co2(room, air, now, supply + fresh, hours),
        temperature=_temperature(room, air, now, supply, fresh, hours),
        moisture=_moisture(room, air, now, supply, fresh, hours),
        supply=supply,
        window_open=window_open,
    )
    return after, supply + fresh


def _co2(room: Room, air: Air, now: Surroundings, ventilation: float, hours: float) -> float:
    litres_per_hour = 3600 * now.people * room.co2_per_person
    return balance(air.co2, 1000 * litres_per_hour, ventilation, now.co2, room.volume, hours)


def _moisture(room: Room, air: Air, now: Surroundings, supply: float, fresh: float, hours: float) -> float:
    grams_per_hour = 3600 * now.people * room.latent_heat / EVAPORATION
    exchange = supply + fresh
    inflow = (fresh * now.moisture + supply * min(now.moisture, room.supply_moisture)) / exchange
    capacity = room.volume * room.moisture_buffer
    return balance(air.moisture, grams_per_hour / AIR_DENSITY, exchange, inflow, capacity, hours)


def _temperature(room: Room, air: Air, now: Surroundings, supply: float, fresh: float, hours: float) -> float:
    heating = room.plant_gain * (room.heating[now.by_night] - air.temperature)
    cooling = room.plant_gain * (air.temperature - room.cooling[now.by_night])
    gains = room.standby + now.people * (room.sensible_heat + room.appliances)
    gains += (now.people > 0) * room.lights * room.floor + room.sunlit_glass * now.sunlight
    gains += min(max(heating, 0.0), room.plant_power) - min(max(cooling, 0.0), room.plant_power)
    outdoors, mechanical = room.heat_loss + AIR_HEAT * fresh, AIR_HEAT * supply
    exchange = outdoors + mechanical
    inflow = (outdoors * now.temperature + mechanical * room.supply_temperature) / exchange
    return balance(air.temperature, gains, exchange, inflow, room.floor * room.heat_capacity, hours)


def _demand(room: Room, air: Air, now: Surroundings) -> float:
    if now.by_night:
        return room.supply_by_night
    (least, most), (low, high) = room.supply_by_day, room.demand_co2
    return least + (most - least) * min(max((air.co2 - low) / (high - low), 0.0), 1.0)


def _infiltration(room: Room, air: Air, now: Surroundings) -> float:
    base, buoyancy, wind = room.leakage_terms
    drive = base + buoyancy * abs(air.temperature - now.temperature) + wind * now.wind
    return room.volume * room.leakage * drive


def _window_flow(room: Room, air: Air, now: Surroundings) -> float:
    wind, buoyancy, turbulence = room.window_terms
    lift = room.window_height * abs(air.temperature - now.temperature)
    speed = math.sqrt(wind * now.wind**2 + buoyancy * lift + turbulence)
    return 3600 * room.window_area / 2 * speed


def _window(room: Room, air: Air, now: Surroundings, hours: float) -> bool:
    """Open the windows the more readily, the milder it is outside and the warmer and staler inside."""
    mildness = 0.06 + 0.94 * math.exp(-(((now.temperature - 20) / 8) ** 2))
    if air.window_open:
        rate = room.closing_rate / mildness if now.people else room.unattended_closing_rate
        return now.chance > -math.expm1(-rate * hours)
    urge = min((air.co2 - 800) / 250 + (air.temperature - 23) / 1.5, 3.0)
    rate = room.opening_rate * mildness * math.exp(urge) if now.people else 0.0
    return now.chance < -math.expm1(-rate * hours)
