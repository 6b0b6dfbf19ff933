using System.Buffers.Binary;
using System.Diagnostics;

namespace Weft.Machine;

/// <summary>
/// A device's free-running counter as a vCPU loads it from a page that is no memory: CLOCK_MONOTONIC in nanoseconds, its lower
/// 48 bits, 64 bits big-endian at the page's begin. Each load costs an exit.
/// </summary>
/// <remarks>
/// A program that reads it in two halves reads the upper one again, to see whether it changed meanwhile. The three loads of
/// a vCPU that follow each other closely are answered from one reading, so that they agree whatever an exit costs.
/// One a vCPU, on its thread.
/// </remarks>
/// <param name="now">Nanoseconds; null for this host's.</param>
public sealed class ClockPage(Func<ulong>? now = null)
{
    /// <summary>The counter's width, as completion times have it.</summary>
    public const ulong Mask = (1UL << 48) - 1;

    /// <summary>Ticks in a thousandth of a second: the unit is a nanosecond.</summary>
    public const ulong Kilohertz = 1_000_000;

    private const int CounterBytes = 8, HalfBytes = 4;
    private const ulong FreshNs = 1_000_000;
    private ulong _reading;
    private int _halvesGiven;

    /// <summary>The counter now. Any thread.</summary>
    /// <remarks>On Linux a stopwatch counts CLOCK_MONOTONIC's nanoseconds.</remarks>
    public static ulong Now => (ulong)Stopwatch.GetTimestamp() & Mask;

    /// <summary>What a load gets, in the order of its bytes in memory, the first one lowest.</summary>
    /// <param name="offset">Within the page.</param>
    /// <param name="lengthBytes">1, 2, 4 or 8.</param>
    public ulong Load(ulong offset, int lengthBytes)
    {
        if (offset >= CounterBytes)
            return 0;
        ulong counter = now is null ? Now : now();
        bool isUpperHalf = offset == 0 && lengthBytes == HalfBytes, isLowerHalf = offset == HalfBytes && lengthBytes == HalfBytes;
        bool isFresh = counter - _reading <= FreshNs;
        // Upper, lower, upper again.
        if (isFresh && (isLowerHalf && _halvesGiven == 1 || isUpperHalf && _halvesGiven == 2))
            _halvesGiven = (_halvesGiven + 1) % 3;
        else
            (_reading, _halvesGiven) = (counter, isUpperHalf ? 1 : 0);
        return BinaryPrimitives.ReverseEndianness(_reading) >> (int)(offset * 8);
    }
}
