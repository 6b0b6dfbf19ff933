using Weft.Linux.Checkpoint;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

public sealed unsafe partial class AddressSpace
{
    private const int ReplacedBytes = 5, CacheLineBytes = 64;
    private readonly List<ReplacedCode> _replacedCode = [];

    /// <summary>Whether an instruction sequence stands in executable memory that is this process's alone.</summary>
    internal bool IsPrivateCode(ulong address, ReadOnlySpan<byte> expected)
    {
        lock (_lock)
            return TryFindCodeLocked(address, expected, out _);
    }

    /// <summary>
    /// Replaces the first five bytes of an instruction sequence by one store, so that another thread executes the old or the
    /// new instruction. False when they stand across two cache lines, where no store is one.
    /// </summary>
    /// <param name="address">The first byte.</param>
    /// <param name="expected">What must stand there, at least five bytes.</param>
    /// <param name="bytes">The new instruction in the low five bytes.</param>
    internal bool TryReplaceCode(ulong address, ReadOnlySpan<byte> expected, ulong bytes)
    {
        if (address % CacheLineBytes > CacheLineBytes - sizeof(ulong))
            return false;
        lock (_lock)
        {
            Span<byte> old = stackalloc byte[sizeof(ulong)];
            // The first write makes the page the process's own.
            if (!TryFindCodeLocked(address, expected, out HostAddress host) || !HostStubs.TryRead(host, old) || !HostStubs.TryWrite(host, old[..1]))
                return false;
            const ulong replaced = (1UL << ReplacedBytes * 8) - 1;
            ulong word = (BitConverter.ToUInt64(old) & ~replaced) | (bytes & replaced);
            // SAFETY: the eight bytes were just read and are within one cache line, so within the page that was just written.
            Volatile.Write(ref *(ulong*)host.Value, word);
            _replacedCode.Add(new ReplacedCode(address, word, BitConverter.ToUInt64(old)));
            return true;
        }
    }

    /// <summary>Undoes replacements of another VMM, whose own code they lead to, where they still stand.</summary>
    private void UndoReplacementsLocked(IReadOnlyList<ReplacedCode> replaced)
    {
        Span<byte> now = stackalloc byte[sizeof(ulong)];
        foreach (ReplacedCode code in replaced)
            if (FindLocked(code.Address) is { IsShared: false } area && _memory.HostOf(area.PhysicalOf(code.Address)) is var host
                && HostStubs.TryRead(host, now) && BitConverter.ToUInt64(now) == code.Now)
                HostStubs.TryWrite(host, BitConverter.GetBytes(code.Before));
    }

    private bool TryFindCodeLocked(ulong address, ReadOnlySpan<byte> expected, out HostAddress host)
    {
        host = default;
        MemoryArea? area = FindLocked(address);
        if (area is null || area.IsShared || area.Content is not (HostContent.PrivateFile or HostContent.Anonymous)
            || (area.Protection & Protection.Execute) == 0 || address + (ulong)expected.Length > area.End
            || !FetchLocked(address, address + (ulong)expected.Length))
            return false;
        host = _memory.HostOf(area.PhysicalOf(address));
        Span<byte> found = stackalloc byte[16];
        found = found[..expected.Length];
        return HostStubs.TryRead(host, found) && found.SequenceEqual(expected);
    }
}
