using Weft.Linux.Signals;

namespace Weft.Linux.Tests.Signals;

public sealed class SignalActionsTests
{
    [Theory]
    [InlineData(SignalNumber.SIGTERM, true, false)]
    [InlineData(SignalNumber.SIGCHLD, false, true)]
    [InlineData(SignalNumber.SIGWINCH, false, true)]
    [InlineData(SignalNumber.SIGTSTP, false, false)]
    [InlineData(64, true, false)]
    public void By_default_a_signal_ends_stops_or_does_nothing(int signal, bool fatal, bool ignored)
    {
        SignalActions actions = new();
        Assert.Equal((fatal, ignored), (actions.IsFatal(signal), actions.IsIgnored(signal)));
    }

    [Fact]
    public void A_handler_makes_a_signal_neither_fatal_nor_ignored()
    {
        SignalActions actions = new();
        for (int signal = 1; signal <= SignalNumber.Highest; signal++)
        {
            actions[signal].Handler = 0x401000;
            Assert.False(actions.IsFatal(signal) || actions.IsIgnored(signal));
        }
    }

    [Fact]
    public void Sets_behave_as_sets()
    {
        SignalSet both = SignalSet.Of(1) | SignalSet.Of(64);
        Assert.True(both.Contains(1) && both.Contains(64) && !both.Contains(2));
        Assert.Equal(64, (both - SignalSet.Of(1)).Lowest);
        Assert.Equal(65, default(SignalSet).Lowest);
        Assert.Equal(SignalSet.Of(64), both & ~SignalSet.Of(1));
    }

    [Theory]
    [InlineData(SignalNumber.SIGINT, true)]
    [InlineData(SignalNumber.SIGKILL, false)]
    [InlineData(SignalNumber.SIGSEGV, false)]
    [InlineData(SignalNumber.SIGPIPE, false)]
    [InlineData(34, false)]
    [InlineData(35, true)]
    [InlineData(63, false)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    [InlineData(0, false)]
    public void Signals_of_the_VMM_itself_are_not_the_programs(int signal, bool forwarded) =>
        Assert.Equal(forwarded, HostSignals.IsForwarded(signal));
}
