using System.Runtime.InteropServices;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Tests.Guest;

/// <summary>What a program has after ibv_open_device and ibv_alloc_pd.</summary>
internal sealed class GuestContext : IDisposable
{
    private GuestBuffer _records;
    private int _recordsUsed;
    private bool _disposed;

    internal GuestContext(GuestVm vm, IAdapterContext verbs)
    {
        Vm = vm;
        Verbs = verbs;
        AsyncDescriptor = verbs.TakeAsyncDescriptor();
        Host.MakeNonBlocking(AsyncDescriptor);
        Assert.Equal(Errno.None, verbs.AllocateProtectionDomain(out uint domain));
        Domain = domain;
        _records = vm.Arena.Allocate(GuestArena.PageBytes);
    }

    internal GuestVm Vm { get; }

    internal IAdapterContext Verbs { get; }

    internal int AsyncDescriptor { get; }

    internal uint Domain { get; }

    /// <summary>Queue pairs by number, as the library's table has them.</summary>
    internal Dictionary<uint, GuestQueuePair> QueuePairs { get; } = [];

    /// <summary>Shared receive queues by number.</summary>
    internal Dictionary<uint, GuestSharedQueue> SharedQueues { get; } = [];

    /// <summary>A doorbell record of 4 or 8 bytes; records share pages.</summary>
    internal (ulong Address, MemoryExtent Extent) AllocateRecord(int lengthBytes)
    {
        _recordsUsed = (_recordsUsed + lengthBytes - 1) / lengthBytes * lengthBytes;
        if (_recordsUsed + lengthBytes > GuestArena.PageBytes)
            (_records, _recordsUsed) = (Vm.Arena.Allocate(GuestArena.PageBytes), 0);
        int at = _recordsUsed;
        _recordsUsed += lengthBytes;
        return (_records.Address + (ulong)at, _records.ExtentOf(at, lengthBytes));
    }

    internal GuestRegion Register(int lengthBytes, uint access = GuestRegion.AllAccess, Random? scatter = null) =>
        Register(Vm.Arena.Allocate(lengthBytes, scatter), access);

    internal GuestRegion Register(GuestBuffer buffer, uint access = GuestRegion.AllAccess, uint? domain = null)
    {
        Errno errno = TryRegister(buffer, access, out GuestRegion? region, domain);
        Assert.Equal(Errno.None, errno);
        return region!;
    }

    internal Errno TryRegister(GuestBuffer buffer, uint access, out GuestRegion? region, uint? domain = null, ulong? virtualAddress = null)
    {
        var request = new RegionRequest
        {
            Start = buffer.Address,
            LengthBytes = (ulong)buffer.LengthBytes,
            VirtualAddress = virtualAddress ?? buffer.Address,
            ProtectionDomain = domain ?? Domain,
            Access = access,
        };
        Errno errno = Verbs.RegisterRegion(request, buffer.Extents, out RegionKeys keys);
        region = errno == Errno.None ? new GuestRegion(this, buffer, keys) : null;
        return errno;
    }

    internal GuestCompletionQueue CreateCompletionQueue(int entries = 255, uint channel = 0, ulong userHandle = 77, int entryBytes = 32) =>
        new(this, entries, channel, userHandle, entryBytes);

    internal GuestQueuePair CreateQueuePair(GuestQueueShape shape) => new(this, shape);

    /// <summary>The next asynchronous event, null when there is none yet.</summary>
    internal AsyncEvent? ReadAsync()
    {
        Span<byte> record = stackalloc byte[16];
        long got = Host.Read(AsyncDescriptor, record);
        if (got is -(long)Errno.EAGAIN or 0)
            return null;
        Assert.Equal(16, got);
        return MemoryMarshal.Read<AsyncEvent>(record);
    }

    internal AsyncEvent WaitAsync()
    {
        AsyncEvent? found = null;
        Host.Until(() => (found = ReadAsync()) is not null, "an asynchronous event");
        return found!.Value;
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Verbs.Dispose();
        Host.Close(AsyncDescriptor);
    }
}
