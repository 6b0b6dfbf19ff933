using System.Runtime.InteropServices;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>Compares pages with what they were when they were restored, by words of eight bytes.</summary>
/// <remarks>For one thread; the address space's lock must be held.</remarks>
internal sealed class MemoryComparison : IDisposable
{
    private const int PageBytes = (int)AddressSpace.PageSize, BufferBytes = 256 << 10;
    private readonly GuestPhysicalMemory _memory;
    private readonly int _data;
    private readonly PageIndex _pages;
    private readonly MemoryChangeReport _report;
    private readonly NativeBuffer _now = new(BufferBytes), _before = new(BufferBytes);

    internal MemoryComparison(GuestPhysicalMemory memory, int data, PageIndex pages, MemoryChangeReport report)
    {
        _memory = memory;
        _data = data;
        _pages = pages;
        _report = report;
    }

    /// <summary>Reports the differences of adjacent pages of one area.</summary>
    internal void Compare(MemoryArea area, PageRun run)
    {
        for (ulong at = run.Start, end = run.Start + run.LengthBytes; at < end;)
        {
            int length = (int)Math.Min(end - at, BufferBytes);
            bool isKnown = ReadBefore(area, at, ref length);
            if (HostStubs.TryRead(_memory.HostOf(area.PhysicalOf(at)), _now.Span[..length]))
                for (int page = 0; page < length; page += PageBytes)
                    ComparePage(at + (ulong)page, _now.Span.Slice(page, PageBytes), _before.Span.Slice(page, PageBytes), isKnown);
            at += (ulong)length;
        }
    }

    /// <summary>
    /// Reads what stood there before, of as much as one answer holds for. False for a file's page that the program has
    /// written since: its bytes are the file's, and all of it counts as changed.
    /// </summary>
    private bool ReadBefore(MemoryArea area, ulong address, ref int length)
    {
        ulong known = (ulong)length;
        bool isThere = _pages.TryFind(address, ref known, out ulong offset);
        length = (int)known;
        _before.Span[..length].Clear();
        if (isThere)
            PageFile.TryRead(_data, offset, _before.Address, known);
        return isThere || area.Content == HostContent.Anonymous;
    }

    private void ComparePage(ulong address, ReadOnlySpan<byte> now, ReadOnlySpan<byte> before, bool isKnown)
    {
        if (!isKnown)
        {
            _report(address, now);
            return;
        }
        if (now.SequenceEqual(before))
            return;
        ReadOnlySpan<ulong> nowWords = MemoryMarshal.Cast<byte, ulong>(now), beforeWords = MemoryMarshal.Cast<byte, ulong>(before);
        for (int word = 0; word < nowWords.Length;)
        {
            int same = nowWords[word..].CommonPrefixLength(beforeWords[word..]);
            int start = word += same;
            while (word < nowWords.Length && nowWords[word] != beforeWords[word])
                word++;
            if (word > start)
                _report(address + (ulong)start * sizeof(ulong), now[(start * sizeof(ulong))..(word * sizeof(ulong))]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _now.Dispose();
        _before.Dispose();
    }
}
