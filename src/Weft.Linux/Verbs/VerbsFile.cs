using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>
/// An open /dev/infiniband/uverbs0: a context once GET_CONTEXT was written. Every request is a write; the method-based
/// ioctl is not there (ENOTTY), so libraries use writes for all.
/// </summary>
/// <remarks>Thread-safe. The last close ends the context.</remarks>
internal sealed class VerbsFile : DeviceFile
{
    /// <summary>Source: rdma-core, providers/mlx4: what mlx4_map_internal_clock asks for.</summary>
    private const ulong DoorbellOffset = 0, ClockOffset = 3 * AddressSpace.PageSize;
    private readonly bool _takesWrites;
    private VerbsSession? _session;

    private VerbsFile(int host, VirtualNode node, string path, bool takesWrites)
        : base(host, node, path) => _takesWrites = takesWrites;

    /// <summary>Opens the device: <see cref="VirtualNode.Opener"/>.</summary>
    internal static SyscallResult Open(GuestThread thread, string path, int flags, out FileDescription? file)
    {
        file = null;
        if (thread.Kernel.Adapter is null || !thread.Kernel.VirtualFiles!.TryResolve(thread, path, out VirtualNode? node) || node is null)
            return Errno.ENXIO;
        const int closeOnExec = 1;
        long host = HostStubs.Call(SystemCall.MemfdCreate, PathScratch.Put(thread.Scratch, PathScratch.Name, AdapterNames.Verbs), closeOnExec);
        if (host >= 0)
            file = new VerbsFile((int)host, node, path, (flags & OpenFlags.AccessMode) != OpenFlags.ReadOnly);
        return host;
    }

    /// <summary>The context, or null before GET_CONTEXT.</summary>
    internal VerbsSession? Session => Volatile.Read(ref _session);

    /// <summary>Takes the context. False when there is one already.</summary>
    internal bool TryBegin(VerbsSession session) => Interlocked.CompareExchange(ref _session, session, null) is null;

    /// <inheritdoc/>
    internal override SyscallResult Write(GuestThread thread, GuestVirtualAddress buffer, ulong count)
    {
        if (!_takesWrites)
            return Errno.EBADF;
        if (count > VerbsRequest.MostBytes)
            return Errno.EINVAL;
        Span<byte> copy = stackalloc byte[VerbsRequest.MostBytes];
        copy = copy[..(int)count];
        if (!thread.Memory.TryRead(buffer, copy))
            return Errno.EFAULT;
        Errno error = VerbsRequest.Parse(copy, out VerbsRequest request);
        if (error == Errno.None)
            error = VerbsCommandTable.Serve(this, thread, request);
        return error == Errno.None ? (long)count : error;
    }

    /// <summary>Offset 0 is the doorbell page, the fourth page the clock. EINVAL for all else, and before GET_CONTEXT.</summary>
    internal override SyscallResult Map(GuestThread thread, in MapRequest request)
    {
        if (Session is null || !request.IsShared || request.FileOffset is not (DoorbellOffset or ClockOffset) || request.LengthBytes != AddressSpace.PageSize)
            return Errno.EINVAL;
        DoorbellPage doorbell = thread.Kernel.Machine.GetDoorbell();
        return thread.Memory.MapDoorbell(request.FileOffset == ClockOffset ? doorbell.Clock : doorbell.Physical, request);
    }

    /// <inheritdoc/>
    protected override long OnLastRelease()
    {
        Session?.Dispose();
        return base.OnLastRelease();
    }
}
