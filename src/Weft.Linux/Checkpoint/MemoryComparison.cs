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
    private readonly MemoryState _state;
    private readonly MemoryChangeReport _report;
    private readonly ulong[] _offsets;
    private readonly NativeBuffer _now = new(BufferBytes), _before = new(BufferBytes);

    internal MemoryComparison(GuestPhysicalMemory memory, MemoryState state, MemoryChangeReport report)
    {
        _memory = memory;
        _state = state;
        _report = report;
        _offsets = new ulong[state.Runs.Count];
        for (int index = 1; index < _offsets.Length; index++)
            _offsets[index] = _offsets[index - 1] + state.Runs[index - 1].LengthBytes;
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
        int index = RunAt(address);
        if (index >= 0 && address < _state.Runs[index].Start + _state.Runs[index].LengthBytes)
        {
            PageRun run = _state.Runs[index];
            length = (int)Math.Min((ulong)length, run.Start + run.LengthBytes - address);
            _before.Span[..length].Clear();
            PageFile.TryRead(_state.DataDescriptor, _offsets[index] + (address - run.Start), _before.Address, (ulong)length);
            return true;
        }
        if (index + 1 < _state.Runs.Count)
            length = (int)Math.Min((ulong)length, _state.Runs[index + 1].Start - address);
        _before.Span[..length].Clear();
        return area.Content == HostContent.Anonymous;
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

    /// <summary>Index of the last run that starts at or before an address; -1 when none does.</summary>
    private int RunAt(ulong address)
    {
        int low = 0, high = _state.Runs.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_state.Runs[middle].Start <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low - 1;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _now.Dispose();
        _before.Dispose();
    }
}
