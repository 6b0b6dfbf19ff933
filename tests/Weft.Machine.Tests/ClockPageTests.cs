using System.Buffers.Binary;

namespace Weft.Machine.Tests;

/// <summary>What a vCPU loads from the clock.</summary>
public sealed class ClockPageTests
{
    private ulong _now;

    [Fact]
    public void Upper_lower_and_upper_half_are_of_one_reading_across_a_carry()
    {
        var clock = new ClockPage(() => _now);
        _now = 0x7_ffff_fff0;
        uint upper = Half(clock, 0);
        _now = 0x8_0000_0010;
        Assert.Equal((7u, 0xffff_fff0u, 7u), (upper, Half(clock, 4), Half(clock, 0)));
        Assert.Equal((8u, 0x10u), (Half(clock, 0), Half(clock, 4)));
    }

    [Fact]
    public void Loads_that_do_not_follow_each_other_closely_are_readings_of_their_own()
    {
        var clock = new ClockPage(() => _now);
        _now = 0x1_0000_0000;
        Half(clock, 0);
        Half(clock, 4);
        _now = 0x2_0000_0000;
        Assert.Equal(2u, Half(clock, 0));
        Assert.Equal(0u, Half(clock, 4));
        _now = 0x3_0000_0005;
        Assert.Equal(5u, Half(clock, 4));
        Assert.Equal(5u, Half(clock, 4));
    }

    [Fact]
    public void Whole_counter_is_one_load_in_the_devices_byte_order_and_nothing_follows_it()
    {
        var clock = new ClockPage(() => _now);
        _now = 0x1122_3344_5566;
        Assert.Equal(0x1122_3344_5566UL, BinaryPrimitives.ReverseEndianness(clock.Load(0, 8)));
        Assert.Equal(0x66UL, clock.Load(7, 1));
        Assert.Equal(0UL, clock.Load(8, 8));
    }

    private static uint Half(ClockPage clock, ulong offset) => BinaryPrimitives.ReverseEndianness((uint)clock.Load(offset, 4));
}
