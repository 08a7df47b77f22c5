"""Growth is found where there is some, with a margin that holds the true one."""

import random

import pytest

from bench import trends


def noisy(slope, generator, count=60):
    times = [float(minute) for minute in range(count)]
    return times, [100 + slope * time + generator.gauss(0, 1) for time in times]


def test_a_straight_line_has_its_slope_and_no_margin():
    found = trends.growth([0.0, 1.0, 2.0, 3.0], [5.0, 7.0, 9.0, 11.0])

    assert (found.slope, found.margin) == pytest.approx((2.0, 0.0), abs=1e-9)
    assert found.is_certain


def test_what_only_varies_does_not_grow_for_certain():
    generator = random.Random(1)
    certain = sum(trends.growth(*noisy(0, generator)).is_certain for _ in range(400))

    assert certain <= 400 * 0.08


@pytest.mark.parametrize("slope", [-0.5, 0.0, 0.02, 3.0])
def test_the_margin_holds_the_true_slope_nearly_always(slope):
    generator = random.Random(2)
    found = [trends.growth(*noisy(slope, generator)) for _ in range(400)]

    assert sum(abs(one.slope - slope) <= one.margin for one in found) >= 400 * 0.92


def test_samples_that_follow_each_other_and_are_alike_do_not_look_surer_than_they_are():
    generator = random.Random(3)
    held = 0
    for _ in range(300):
        value, values = 0.0, []
        for _ in range(300):
            value = 0.8 * value + generator.gauss(0, 1)
            values.append(value)
        found = trends.growth([float(minute) for minute in range(300)], values)
        held += abs(found.slope) <= found.margin

    assert held >= 300 * 0.88


def test_two_samples_show_nothing():
    with pytest.raises(ValueError, match="2 samples show no growth"):
        trends.growth([0.0, 1.0], [0.0, 1.0])
