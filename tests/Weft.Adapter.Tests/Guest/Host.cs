using System.Diagnostics;
using Weft.Native;

namespace Weft.Adapter.Tests.Guest;

/// <summary>Host calls of the fake guest, and patience with a deadline.</summary>
internal static class Host
{
    internal const int WaitMs = 20_000;

    internal static long Check(long result) => result is < 0 and > -4096 ? throw new IOException($"The host answers {(Errno)(-result)}.") : result;

    internal static void Close(int descriptor) => HostStubs.Call(SystemCall.Close, descriptor);

    /// <summary>Bytes read, or a negated errno.</summary>
    internal static long Read(int descriptor, Span<byte> buffer) =>
        HostStubs.Call(SystemCall.Read, descriptor, (long)Raw.AddressOf(buffer), buffer.Length);

    internal static void MakeNonBlocking(int descriptor) => Check(HostStubs.Call(SystemCall.Fcntl, descriptor, 4, 0x800));

    /// <summary>Waits until the condition holds; fails the test after twenty seconds.</summary>
    internal static void Until(Func<bool> condition, string what)
    {
        long since = Stopwatch.GetTimestamp();
        for (int round = 0; !condition(); round++)
        {
            if (round % 64 == 63 && Stopwatch.GetElapsedTime(since).TotalMilliseconds > WaitMs)
                throw new TimeoutException($"Waited in vain: {what}.");
            Relax(round);
        }
    }

    /// <summary>Spins first, then leaves the core.</summary>
    internal static void Relax(int round)
    {
        if (round < 50)
            Thread.SpinWait(20);
        else if (round < 2000)
            Thread.Yield();
        else
            Thread.Sleep(1);
    }
}
