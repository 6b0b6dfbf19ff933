using System.Buffers.Binary;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Ipc;

/// <summary>System V shared memory: the host's segments, so that VMs and processes of the host share them.</summary>
internal static class SharedMemoryCalls
{
    private const int SegmentBytes = 112, SizeOffset = 48, InfoBytes = 72;

    [SystemCall(SystemCall.Shmget, SupportState.Partly, Ways = CallWays.Attendant, Missing = "SHM_HUGETLB is refused (ENOMEM)")]
    internal static SyscallResult Get(GuestThread thread, int key, ulong sizeBytes, int flags)
    {
        const int hugePages = 0x800;
        return (flags & hugePages) != 0 ? Errno.ENOMEM : HostStubs.Call(SystemCall.Shmget, key, (long)sizeBytes, flags);
    }

    [SystemCall(SystemCall.Shmat, SupportState.Full)]
    internal static SyscallResult Attach(GuestThread thread, int id, ulong address, int flags)
    {
        const int readOnly = 0x1000, round = 0x2000, remap = 0x4000, execute = 0x8000;
        const ulong pageMask = AddressSpace.PageSize - 1;
        if (id < 0)
            return Errno.EINVAL;
        if ((address & pageMask) != 0)
        {
            if ((flags & round) == 0)
                return Errno.EINVAL;
            address &= ~pageMask;
            // Rounded down to nothing: a remap would have no place to go.
            if (address == 0 && (flags & remap) != 0)
                return Errno.EINVAL;
        }
        else if (address == 0 && (flags & remap) != 0)
            return Errno.EINVAL;
        bool isReadOnly = (flags & readOnly) != 0;
        Protection protection = Protection.Read;
        if (!isReadOnly)
            protection |= Protection.Write;
        if ((flags & execute) != 0)
            protection |= Protection.Execute;
        return AttachHost(thread, id, isReadOnly, new MapRequest
        {
            Address = address,
            LengthBytes = 0,
            Protection = protection,
            Placement = address == 0 ? MapPlacement.Anywhere : (flags & remap) != 0 ? MapPlacement.Fixed : MapPlacement.FixedNoReplace,
            Content = isReadOnly ? HostContent.SharedFileReadOnly : HostContent.SharedFile,
        });
    }

    [SystemCall(SystemCall.Shmdt, SupportState.Full)]
    internal static SyscallResult Detach(GuestThread thread, ulong address) => thread.Memory.UnmapSystemV(address);

    [SystemCall(SystemCall.Shmctl, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Control(GuestThread thread, int id, int command, GuestVirtualAddress buffer)
    {
        const int set = 1, status = 2, limits = 3, statusByIndex = 13, usage = 14, statusAny = 15;
        Span<byte> scratch = thread.Scratch.Span;
        if (command == set && !thread.Memory.TryRead(buffer, scratch[..SegmentBytes]))
            return Errno.EFAULT;
        int bytes = command switch
        {
            status or statusByIndex or statusAny => SegmentBytes,
            limits => InfoBytes,
            usage => UsageBytes,
            _ => 0,
        };
        long result = HostStubs.Call(SystemCall.Shmctl, id, command, (long)thread.Scratch.Address.Value);
        return result < 0 || bytes == 0 || thread.Memory.TryWrite(buffer, scratch[..bytes]) ? result : Errno.EFAULT;
    }

    private const int UsageBytes = 48;

    /// <summary>Attaches what a forked process had attached: the part of the segment that the request names, at its address.</summary>
    internal static SyscallResult AttachAgain(AddressSpace memory, in MapRequest request)
    {
        const int readOnlyFlag = 0x1000;
        bool isReadOnly = request.Content == HostContent.SharedFileReadOnly;
        long segment = HostStubs.Call(SystemCall.Shmat, (int)request.File!.Inode, 0, isReadOnly ? readOnlyFlag : 0);
        if (segment is < 0 and > -4096)
            return segment;
        SyscallResult result = memory.MapSystemV(new HostAddress((ulong)segment + request.FileOffset), request);
        // What the process had unmapped of it, or all on an error: the attachment ends with its last part.
        HostStubs.Call(SystemCall.Shmdt, segment);
        return result;
    }

    /// <summary>
    /// Attaches to the VMM first and asks for the size then: while it is attached, the id cannot come to mean another
    /// segment, so what moves into guest memory is exactly what was reserved.
    /// </summary>
    private static SyscallResult AttachHost(GuestThread thread, int id, bool isReadOnly, in MapRequest request)
    {
        const int status = 2, readOnlyFlag = 0x1000;
        long segment = HostStubs.Call(SystemCall.Shmat, id, 0, isReadOnly ? readOnlyFlag : 0);
        if (segment is < 0 and > -4096)
            return segment;
        SyscallResult result = HostStubs.Call(SystemCall.Shmctl, id, status, (long)thread.Scratch.Address.Value);
        if (!result.IsError)
        {
            ReadOnlySpan<byte> scratch = thread.Scratch.Span;
            uint key = BinaryPrimitives.ReadUInt32LittleEndian(scratch);
            result = thread.Memory.MapSystemV(new HostAddress((ulong)segment), request with
            {
                LengthBytes = BinaryPrimitives.ReadUInt64LittleEndian(scratch[SizeOffset..]),
                File = new MappedFile($"/SYSV{key:x8} (deleted)", 1, (uint)id, !isReadOnly) { IsSystemV = true },
            });
        }
        if (!result.IsError)
            return result;
        HostStubs.Call(SystemCall.Shmdt, segment);
        // Something is there already: shmat says EINVAL where mmap says EEXIST.
        return result.Error is Errno.EEXIST or Errno.EPERM ? Errno.EINVAL : result;
    }
}
