"""The simulated office: its people, its air, and the sensor that records it."""
