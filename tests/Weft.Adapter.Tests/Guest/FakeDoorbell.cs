using Weft.Native;

namespace Weft.Adapter.Tests.Guest;

/// <summary>
/// A doorbell page as KVM makes it: plain, a store is lost; trapping, it counts the eventfd up. The switch is in force
/// when SetTrapping returns, and by then what the guest stored before a lost doorbell is visible.
/// </summary>
internal sealed class FakeDoorbell : IDoorbell, IDisposable
{
    private readonly Random? _jitter;
    private volatile bool _isTrapping;

    /// <param name="jitterSeed">Makes the switch take seeded random times; null for none.</param>
    internal FakeDoorbell(int? jitterSeed = null)
    {
        _jitter = jitterSeed is { } seed ? new Random(seed) : null;
        EventDescriptor = (int)Host.Check(HostStubs.Call(SystemCall.Eventfd2, 0, 0x800));
    }

    public int EventDescriptor { get; }

    /// <summary>How often the engine went to sleep.</summary>
    internal int TrapCount { get; private set; }

    /// <summary>Stores that rang.</summary>
    internal int RingCount;

    /// <summary>Refuses to switch, as a VM that is stopped does.</summary>
    internal bool IsStuck { get; set; }

    public bool SetTrapping(bool isTrapping)
    {
        if (IsStuck)
            return false;
        Delay();
        _isTrapping = isTrapping;
        TrapCount += isTrapping ? 1 : 0;
        Interlocked.MemoryBarrier();
        Delay();
        return true;
    }

    /// <summary>A store to the page. The exit that a switch causes drains the guest's store buffer: hence the fence.</summary>
    internal void Store()
    {
        Interlocked.MemoryBarrier();
        if (!_isTrapping)
            return;
        Interlocked.Increment(ref RingCount);
        Span<byte> one = stackalloc byte[8];
        one.Clear();
        one[0] = 1;
        HostStubs.Call(SystemCall.Write, EventDescriptor, (long)Raw.AddressOf(one), 8);
    }

    public void Dispose() => Host.Close(EventDescriptor);

    private void Delay()
    {
        if (_jitter is { } jitter)
            Thread.SpinWait(jitter.Next(400));
    }
}
