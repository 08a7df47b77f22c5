"""Settings shared by all tests."""

from hypothesis import HealthCheck, settings

# Timing never decides a test; CI machines are slow and shared.
settings.register_profile("everyday", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("everyday")
