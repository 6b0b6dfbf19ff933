using System.Numerics;
using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>Sets of the VM's processors, numbered 0 to N-1, and how they lie on the host's.</summary>
internal static class ProcessorSet
{
    private const int WordBits = 64, HostMaskBytes = 1024;
    private static readonly Lazy<int> HostCount = new(CountHost);

    /// <summary>Words of a mask for so many processors.</summary>
    internal static int Words(int count) => (count + WordBits - 1) / WordBits;

    /// <summary>All of them.</summary>
    internal static ulong[] All(int count)
    {
        ulong[] mask = new ulong[Words(count)];
        for (int processor = 0; processor < count; processor++)
            mask[processor / WordBits] |= 1UL << processor % WordBits;
        return mask;
    }

    /// <summary>
    /// Whether processor i of the VM is processor i of the host: the VM has as many, and the VMM may use exactly
    /// those. Only then can a thread's affinity be given to its host thread.
    /// </summary>
    internal static bool MatchesHost(int count) => HostCount.Value == count;

    /// <summary>The lowest processor of a set that isn't empty.</summary>
    internal static int Lowest(ReadOnlySpan<ulong> mask)
    {
        for (int word = 0; word < mask.Length; word++)
            if (mask[word] != 0)
                return word * WordBits + BitOperations.TrailingZeroCount(mask[word]);
        return 0;
    }

    internal static bool Contains(ReadOnlySpan<ulong> mask, int processor) =>
        processor / WordBits < mask.Length && (mask[processor / WordBits] >> processor % WordBits & 1) != 0;

    /// <summary>How many the VMM may use, or 0 when their numbers are not 0 to N-1.</summary>
    private static int CountHost()
    {
        using NativeBuffer buffer = new(HostMaskBytes);
        long bytes = HostStubs.CallQuick(SystemCall.SchedGetaffinity, 0, HostMaskBytes, (long)buffer.Address.Value);
        if (bytes <= 0)
            return 0;
        ReadOnlySpan<ulong> mask = MemoryMarshal.Cast<byte, ulong>(buffer.Span[..(int)bytes]);
        int count = 0;
        foreach (ulong word in mask)
            count += BitOperations.PopCount(word);
        return mask[..Words(count)].SequenceEqual(All(count)) ? count : 0;
    }
}
