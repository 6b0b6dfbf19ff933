using System.Numerics;
using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Polling;

/// <summary>The three descriptor sets of a select call, turned into poll entries and back.</summary>
internal static class SelectSets
{
    private const int WordBits = 64, Kinds = 3;

    // What makes a descriptor readable, writable or exceptional. Source: fs/select.c.
    private const int ReadAsked = PolledFile.In | PolledFile.ReadNormal | PolledFile.ReadBand;
    private const int ReadFound = ReadAsked | PolledFile.HangUp | PolledFile.Error;
    private const int WriteAsked = PolledFile.Out | PolledFile.WriteNormal | PolledFile.WriteBand;
    private const int WriteFound = WriteAsked | PolledFile.Error;
    private const int ExceptFound = PolledFile.Priority;

    private static readonly int[] Asked = [ReadAsked, WriteAsked, ExceptFound];
    private static readonly int[] Found = [ReadFound, WriteFound, ExceptFound];

    internal static SyscallResult Run(GuestThread thread, int count, GuestVirtualAddress read, GuestVirtualAddress write,
        GuestVirtualAddress except, ref Timespec? timeout)
    {
        if (count < 0)
            return Errno.EINVAL;
        int limit = Math.Min(count, thread.Files.Limit), words = (limit + WordBits - 1) / WordBits;
        const int usualWords = 1024 / WordBits * Kinds;
        Span<ulong> sets = words * Kinds <= usualWords ? stackalloc ulong[words * Kinds] : new ulong[words * Kinds];
        ReadOnlySpan<GuestVirtualAddress> addresses = [read, write, except];
        for (int kind = 0; kind < Kinds; kind++)
        {
            Span<ulong> set = sets.Slice(kind * words, words);
            if (!addresses[kind].IsNull && !thread.Memory.TryRead(addresses[kind], MemoryMarshal.AsBytes(set)))
                return Errno.EFAULT;
            if (limit % WordBits != 0 && words > 0)
                set[^1] &= (1UL << limit % WordBits) - 1;
        }
        SyscallResult result = Wait(thread, sets, words, ref timeout);
        if (result.Value < 0)
            return result;
        for (int kind = 0; kind < Kinds; kind++)
            if (!addresses[kind].IsNull && !thread.Memory.TryWrite(addresses[kind], MemoryMarshal.AsBytes(sets.Slice(kind * words, words))))
                return Errno.EFAULT;
        return result;
    }

    private static SyscallResult Wait(GuestThread thread, Span<ulong> sets, int words, ref Timespec? timeout)
    {
        int entries = 0;
        for (int word = 0; word < words; word++)
            entries += BitOperations.PopCount(sets[word] | sets[words + word] | sets[2 * words + word]);
        using PollSet polled = new(thread, entries);
        int[] numbers = new int[entries];
        int index = 0;
        for (int word = 0; word < words; word++)
            for (ulong any = sets[word] | sets[words + word] | sets[2 * words + word]; any != 0; any &= any - 1)
            {
                numbers[index] = word * WordBits + BitOperations.TrailingZeroCount(any);
                if (!polled.TrySet(thread, index, numbers[index], EventsOf(sets, words, numbers[index])))
                    return Errno.EBADF;
                index++;
            }
        while (true)
        {
            SyscallResult result = polled.Wait(thread, ref timeout);
            if (result.Value < 0)
                return result;
            if (result.Value == 0)
            {
                sets.Clear();
                return 0;
            }
            int found = Count(polled.Entries, sets, words, numbers);
            if (found > 0)
                return found;
            // The host also reports hang-ups that select does not look for in this entry: leave that out from now on.
            foreach (ref PolledFile entry in polled.Entries)
                if (entry.Returned != 0)
                    entry.Descriptor = -1;
        }
    }

    private static int EventsOf(ReadOnlySpan<ulong> sets, int words, int descriptor)
    {
        int events = 0;
        for (int kind = 0; kind < Kinds; kind++)
            if (IsSet(sets.Slice(kind * words, words), descriptor))
                events |= Asked[kind];
        return events;
    }

    /// <summary>Leaves the bits that are ready, if any are, and counts them; leaves the sets alone otherwise.</summary>
    private static int Count(ReadOnlySpan<PolledFile> entries, Span<ulong> sets, int words, int[] numbers)
    {
        int found = 0;
        for (int pass = 0; pass < 2; pass++)
        {
            for (int i = 0; i < entries.Length; i++)
                for (int kind = 0; kind < Kinds; kind++)
                {
                    Span<ulong> set = sets.Slice(kind * words, words);
                    if (!IsSet(set, numbers[i]))
                        continue;
                    bool ready = (entries[i].Returned & Found[kind]) != 0;
                    if (pass == 0)
                        found += ready ? 1 : 0;
                    else if (!ready)
                        set[numbers[i] / WordBits] &= ~(1UL << numbers[i] % WordBits);
                }
            if (found == 0)
                break;
        }
        return found;
    }

    private static bool IsSet(ReadOnlySpan<ulong> set, int descriptor) => (set[descriptor / WordBits] >> descriptor % WordBits & 1) != 0;
}
