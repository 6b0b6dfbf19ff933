using Weft.Linux.Signals;
using Weft.Native;

namespace Weft.Linux.Tests.Signals;

public sealed class AlternateStackTests
{
    private const uint OnStack = 1, Disabled = 2, AutoDisarm = 1u << 31;
    private const ulong Elsewhere = 0x7fff_0000_0000;

    [Theory]
    [InlineData(0u, 2048UL, Errno.None)]
    [InlineData(OnStack, 2048UL, Errno.None)]
    [InlineData(AutoDisarm, 2048UL, Errno.None)]
    [InlineData(0u, 2047UL, Errno.ENOMEM)]
    [InlineData(Disabled, 0UL, Errno.None)]
    [InlineData(3u, 4096UL, Errno.EINVAL)]
    [InlineData(4u, 4096UL, Errno.EINVAL)]
    public void A_stack_is_taken_or_refused_as_Linux_does(uint flags, ulong size, Errno wanted)
    {
        AlternateStack stack = AlternateStack.None;
        Assert.Equal(wanted, stack.TrySet(new AlternateStack { Base = 0x10000, Size = size, Flags = flags }, Elsewhere));
    }

    [Fact]
    public void A_stack_in_use_cannot_be_changed()
    {
        AlternateStack stack = new() { Base = 0x10000, Size = 0x4000 };
        Assert.Equal(Errno.EPERM, stack.TrySet(AlternateStack.None, 0x12000));
        Assert.Equal(OnStack, stack.Report(0x12000).Flags);
        Assert.Equal(0u, stack.Report(Elsewhere).Flags);
    }

    [Fact]
    public void A_stack_that_disarms_itself_never_counts_as_used()
    {
        AlternateStack stack = new() { Base = 0x10000, Size = 0x4000, Flags = AutoDisarm };
        Assert.True(stack.IsFreeFor(0x12000));
        Assert.Equal(AutoDisarm, stack.Report(0x12000).Flags);
    }

    [Fact]
    public void No_stack_reports_itself_disabled() => Assert.Equal(Disabled, AlternateStack.None.Report(Elsewhere).Flags);

    [Theory]
    [InlineData(0x10000UL, false)]
    [InlineData(0x10001UL, true)]
    [InlineData(0x14000UL, true)]
    [InlineData(0x14001UL, false)]
    public void The_bounds_leave_out_the_base_and_include_the_top(ulong stackPointer, bool inside)
    {
        AlternateStack stack = new() { Base = 0x10000, Size = 0x4000 };
        Assert.Equal(inside, stack.Bounds(stackPointer));
    }
}
