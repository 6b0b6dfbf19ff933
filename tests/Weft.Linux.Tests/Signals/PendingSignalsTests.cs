using Weft.Linux.Signals;

namespace Weft.Linux.Tests.Signals;

public sealed class PendingSignalsTests
{
    private static readonly SignalSet Everything = new(ulong.MaxValue);

    [Fact]
    public void Signals_of_one_number_leave_in_the_order_they_came()
    {
        PendingSignals pending = new();
        for (ulong value = 0; value < 5; value++)
            pending.Add(new SignalInfo { Number = 40, Code = SignalCode.Queue, Second = value });
        for (ulong value = 0; value < 5; value++)
        {
            Assert.True(pending.TryTake(Everything, out SignalInfo info));
            Assert.Equal(value, info.Second);
        }
        Assert.False(pending.TryTake(Everything, out _));
        Assert.True(pending.Set.IsEmpty);
    }

    [Fact]
    public void Faults_leave_first_and_then_the_lowest_number()
    {
        PendingSignals pending = new();
        foreach (int signal in new[] { 64, SignalNumber.SIGTERM, SignalNumber.SIGHUP, SignalNumber.SIGSEGV, SignalNumber.SIGILL })
            pending.Add(new SignalInfo { Number = signal });
        List<int> order = [];
        while (pending.TryTake(Everything, out SignalInfo info))
            order.Add(info.Number);
        Assert.Equal([SignalNumber.SIGILL, SignalNumber.SIGSEGV, SignalNumber.SIGHUP, SignalNumber.SIGTERM, 64], order);
    }

    [Fact]
    public void A_signal_outside_the_set_stays()
    {
        PendingSignals pending = new();
        pending.Add(new SignalInfo { Number = SignalNumber.SIGUSR1 });
        Assert.False(pending.TryTake(Everything - SignalSet.Of(SignalNumber.SIGUSR1), out _));
        Assert.True(pending.Set.Contains(SignalNumber.SIGUSR1));
    }

    [Fact]
    public void A_signal_without_room_for_its_siginfo_comes_from_nobody()
    {
        PendingSignals pending = new();
        pending.AddWithoutInfo(SignalNumber.SIGUSR2);
        Assert.True(pending.TryTake(Everything, out SignalInfo info));
        Assert.Equal((SignalNumber.SIGUSR2, SignalCode.User, 0UL), (info.Number, info.Code, info.First));
        Assert.False(pending.TryTake(Everything, out _));
    }

    [Fact]
    public void Removed_signals_no_longer_count()
    {
        PendingSignals pending = new();
        pending.Add(new SignalInfo { Number = 35 });
        pending.Add(new SignalInfo { Number = 35 });
        pending.Add(new SignalInfo { Number = 36 });
        pending.Remove(SignalSet.Of(35));
        Assert.Equal((1, SignalSet.Of(36)), (pending.Count, pending.Set));
    }

    [Fact]
    public void Random_use_agrees_with_a_plain_list()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        PendingSignals pending = new();
        List<SignalInfo> model = [];
        for (int step = 0; step < 20_000; step++)
        {
            if (random.Next(2) == 0)
            {
                SignalInfo info = new() { Number = random.Next(1, 65), Second = (ulong)step };
                pending.Add(info);
                model.Add(info);
                continue;
            }
            SignalSet allowed = new((ulong)random.NextInt64() & (ulong)random.NextInt64());
            bool taken = pending.TryTake(allowed, out SignalInfo got);
            List<SignalInfo> ready = model.FindAll(info => allowed.Contains(info.Number));
            Assert.True(taken == ready.Count > 0, $"seed {seed}, step {step}");
            if (!taken)
                continue;
            List<SignalInfo> faults = ready.FindAll(info => SignalSet.Synchronous.Contains(info.Number));
            SignalInfo wanted = (faults.Count > 0 ? faults : ready).MinBy(info => info.Number);
            Assert.True(wanted.Second == got.Second && wanted.Number == got.Number, $"seed {seed}, step {step}");
            model.RemoveAt(model.FindIndex(info => info.Second == got.Second));
        }
        Assert.Equal(model.Count, pending.Count);
    }
}
