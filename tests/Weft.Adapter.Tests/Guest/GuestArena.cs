using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Tests.Guest;

/// <summary>
/// A sealed memfd and an allocator of its pages. Buffers may be scattered over it page by page; the guest's own view is
/// mapped together again, as its page tables would do.
/// </summary>
internal sealed class GuestArena : IDisposable
{
    internal const int PageBytes = 4096;
    private const int AddSeals = 1033, SealShrink = 2, ReadWrite = 3, SharedFixed = 0x11, PrivateAnonymousNoReserve = 0x4022;

    private readonly ulong _view;
    private readonly Lock _lock = new();
    private ulong _nextView, _nextOffset;

    internal GuestArena(ulong lengthBytes, bool canShrink = false)
    {
        LengthBytes = lengthBytes;
        Span<byte> name = stackalloc byte[8];
        "arena\0"u8.CopyTo(name);
        Descriptor = (int)Host.Check(HostStubs.Call(SystemCall.MemfdCreate, (long)Raw.AddressOf(name), 3));
        Host.Check(HostStubs.Call(SystemCall.Ftruncate, Descriptor, (long)lengthBytes));
        if (!canShrink)
            Host.Check(HostStubs.Call(SystemCall.Fcntl, Descriptor, AddSeals, SealShrink));
        _view = (ulong)Host.Check(HostStubs.Call(SystemCall.Mmap, 0, (long)lengthBytes, 0, PrivateAnonymousNoReserve, -1, 0));
        _nextOffset = 3 * PageBytes;
    }

    internal int Descriptor { get; }

    internal ulong LengthBytes { get; }

    /// <summary>Pages in one piece.</summary>
    internal GuestBuffer Allocate(int lengthBytes) => Allocate(lengthBytes, null);

    /// <summary>Pages scattered over the arena, in an order of the given source; neighbours by chance are merged.</summary>
    internal GuestBuffer Allocate(int lengthBytes, Random? scatter)
    {
        int pages = (lengthBytes + PageBytes - 1) / PageBytes;
        lock (_lock)
        {
            ulong[] offsets = new ulong[pages];
            for (int index = 0; index < pages; index++)
                offsets[index] = _nextOffset + (ulong)index * PageBytes;
            scatter?.Shuffle(offsets);
            _nextOffset += (ulong)pages * PageBytes;
            ulong address = _view + _nextView;
            _nextView += (ulong)pages * PageBytes;
            if (_nextOffset > LengthBytes || _nextView > LengthBytes)
                throw new OutOfMemoryException("The fake guest's arena is full.");
            return new GuestBuffer(address, pages * PageBytes, Map(address, offsets));
        }
    }

    /// <summary>Cuts the file under whoever has it mapped.</summary>
    internal void Truncate(ulong lengthBytes) => Host.Check(HostStubs.Call(SystemCall.Ftruncate, Descriptor, (long)lengthBytes));

    public void Dispose()
    {
        HostStubs.Call(SystemCall.Munmap, (long)_view, (long)LengthBytes);
        Host.Close(Descriptor);
    }

    private MemoryExtent[] Map(ulong address, ulong[] offsets)
    {
        var extents = new List<MemoryExtent>();
        for (int index = 0; index < offsets.Length;)
        {
            int end = index + 1;
            while (end < offsets.Length && offsets[end] == offsets[end - 1] + PageBytes)
                end++;
            ulong length = (ulong)(end - index) * PageBytes;
            Host.Check(HostStubs.Call(SystemCall.Mmap, (long)(address + (ulong)index * PageBytes), (long)length, ReadWrite, SharedFixed, Descriptor, (long)offsets[index]));
            extents.Add(new MemoryExtent { Offset = offsets[index], LengthBytes = length });
            index = end;
        }
        return [.. extents];
    }
}
