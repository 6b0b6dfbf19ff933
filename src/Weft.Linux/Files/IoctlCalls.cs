using System.Buffers.Binary;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>ioctl(2): the requests of <see cref="IoctlTable"/>, each with its argument copied in and out.</summary>
internal static class IoctlCalls
{
    private const int MostExtents = 256;

    [SystemCall(SystemCall.Ioctl, SupportState.Partly, Ways = CallWays.Attendant, Missing = "terminals, sockets, network interfaces (reading), files and block devices; others are ENOTTY")]
    internal static SyscallResult Control(GuestThread thread, int descriptor, uint request, ulong argument)
    {
        if (request is IoctlTable.FIOCLEX or IoctlTable.FIONCLEX)
            return thread.Files.SetCloseOnExec(descriptor, request == IoctlTable.FIOCLEX) ? SyscallResult.Success : Errno.EBADF;
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (file.Description is VirtualFile or VirtualDirectory or DeviceFile || !IoctlTable.TryGet(request, out IoctlKind kind, out int bytes))
            return Errno.ENOTTY;
        if (thread.IsAttended && (file.Description.IsMadeUp || request is not (IoctlTable.TCGETS or IoctlTable.TIOCGWINSZ or IoctlTable.FIONREAD or IoctlTable.FIONBIO)))
            return SyscallResult.Declined;
        if (request is IoctlTable.FS_IOC_SETFLAGS or IoctlTable.FS_IOC_FSSETXATTR && AttributeCalls.RefuseChange(thread, file) is var refusal && refusal != Errno.None)
            return refusal;
        return kind switch
        {
            IoctlKind.Value => thread.Block(SystemCall.Ioctl, file.Host, request, (long)argument),
            IoctlKind.Refused => Errno.EPERM,
            IoctlKind.Special => Special(thread, file, request, argument),
            _ => Copied(thread, file.Host, request, new GuestVirtualAddress(argument), kind, bytes),
        };
    }

    private static SyscallResult Copied(GuestThread thread, int host, uint request, GuestVirtualAddress argument, IoctlKind kind, int bytes)
    {
        Span<byte> data = thread.Scratch.Span[..bytes];
        // Also for Out: drivers may write less than the structure, and what they leave alone keeps the program's bytes.
        if (!thread.Memory.TryRead(argument, data))
            return Errno.EFAULT;
        SyscallResult result = thread.IsAttended
            ? HostStubs.Call(SystemCall.Ioctl, host, request, (long)thread.Scratch.Address.Value)
            : thread.Block(SystemCall.Ioctl, host, request, (long)thread.Scratch.Address.Value);
        if (kind == IoctlKind.In || result.IsError || result.IsRestart)
            return result;
        return thread.Memory.TryWrite(argument, data) ? result : Errno.EFAULT;
    }

    private static SyscallResult Special(GuestThread thread, in FileLease file, uint request, ulong argument)
    {
        GuestVirtualAddress address = new(argument);
        switch (request)
        {
            case IoctlTable.TIOCGPTPEER:
                return thread.Files.InstallHost(HostStubs.Call(SystemCall.Ioctl, file.Host, request, (long)argument | OpenFlags.CloseOnExec),
                    ((int)argument & OpenFlags.CloseOnExec) != 0);
            case IoctlTable.FICLONE:
                using (FileLease source = thread.Files.Rent((int)argument))
                    return source.IsOpen ? thread.Block(SystemCall.Ioctl, file.Host, request, source.Host) : Errno.EBADF;
            case IoctlTable.FICLONERANGE:
                return CloneRange(thread, file.Host, request, address);
            case IoctlTable.SIOCGIFCONF:
                return ListInterfaces(thread, file.Host, request, address);
            case IoctlTable.SIOCETHTOOL:
                return Ethtool(thread, file.Host, request, address);
            case IoctlTable.FS_IOC_FIEMAP:
                return MapExtents(thread, file.Host, request, address);
            default:
                return Errno.ENOTTY;
        }
    }

    /// <summary>struct file_clone_range: src_fd, src_offset, src_length, dest_offset. Source: ioctl_ficlonerange(2).</summary>
    private static SyscallResult CloneRange(GuestThread thread, int host, uint request, GuestVirtualAddress address)
    {
        const int bytes = 32;
        Span<byte> range = thread.Scratch.Span[..bytes];
        if (!thread.Memory.TryRead(address, range))
            return Errno.EFAULT;
        long number = BinaryPrimitives.ReadInt64LittleEndian(range);
        using FileLease source = thread.Files.Rent(number is >= 0 and <= int.MaxValue ? (int)number : -1);
        if (!source.IsOpen)
            return Errno.EBADF;
        BinaryPrimitives.WriteInt64LittleEndian(range, source.Host);
        return thread.Block(SystemCall.Ioctl, host, request, (long)thread.Scratch.Address.Value);
    }

    /// <summary>struct ifconf: int ifc_len; then a pointer to struct ifreq[] or null to ask for the length. Source: netdevice(7).</summary>
    private static SyscallResult ListInterfaces(GuestThread thread, int host, uint request, GuestVirtualAddress address)
    {
        const int headerBytes = 16, most = 16 << 10;
        if (!thread.Memory.TryRead(address, out int length) || !thread.Memory.TryRead(address + 8, out ulong list))
            return Errno.EFAULT;
        if (length < 0)
            return Errno.EINVAL;
        long scratch = (long)thread.Scratch.Address.Value;
        Span<byte> area = thread.Scratch.Span;
        BinaryPrimitives.WriteInt64LittleEndian(area, Math.Min(length, most));
        BinaryPrimitives.WriteInt64LittleEndian(area[8..], list == 0 ? 0 : scratch + headerBytes);
        long result = HostStubs.Call(SystemCall.Ioctl, host, request, scratch);
        if (result < 0)
            return result;
        int used = BinaryPrimitives.ReadInt32LittleEndian(area);
        bool isWritten = (list == 0 || thread.Memory.TryWrite(new GuestVirtualAddress(list), area.Slice(headerBytes, Math.Min(used, most))))
            && thread.Memory.TryWrite(address, used);
        return isWritten ? SyscallResult.Success : Errno.EFAULT;
    }

    /// <summary>struct ifreq whose ifr_data points at an ethtool command; only commands that read and have a fixed size. Source: linux/ethtool.h.</summary>
    private static SyscallResult Ethtool(GuestThread thread, int host, uint request, GuestVirtualAddress address)
    {
        const int nameBytes = 16, requestBytes = 40, dataOffset = 64;
        Span<byte> area = thread.Scratch.Span;
        if (!thread.Memory.TryRead(address, area[..requestBytes]))
            return Errno.EFAULT;
        GuestVirtualAddress data = new(BinaryPrimitives.ReadUInt64LittleEndian(area[nameBytes..]));
        if (!thread.Memory.TryRead(data, out uint command))
            return Errno.EFAULT;
        int bytes = command switch
        {
            0x1 => 44, // ETHTOOL_GSET
            0x3 => 196, // ETHTOOL_GDRVINFO
            0x7 or 0xa or 0x14 or 0x16 or 0x18 or 0x1e or 0x23 or 0x25 or 0x27 or 0x2b => 8, // the ethtool_value getters
            0x5 => 20, // ETHTOOL_GWOL
            0xe => 92, // ETHTOOL_GCOALESCE
            0x10 => 36, // ETHTOOL_GRINGPARAM
            0x12 => 16, // ETHTOOL_GPAUSEPARAM
            0x3c => 36, // ETHTOOL_GCHANNELS
            0x41 => 44, // ETHTOOL_GET_TS_INFO
            _ => 0,
        };
        if (bytes == 0)
            return Errno.EOPNOTSUPP;
        Span<byte> value = area.Slice(dataOffset, bytes);
        if (!thread.Memory.TryRead(data, value))
            return Errno.EFAULT;
        // The copy is what counts: the guest may have changed the command meanwhile.
        BinaryPrimitives.WriteUInt32LittleEndian(value, command);
        BinaryPrimitives.WriteInt64LittleEndian(area[nameBytes..], (long)thread.Scratch.Address.Value + dataOffset);
        long result = HostStubs.Call(SystemCall.Ioctl, host, request, (long)thread.Scratch.Address.Value);
        return result >= 0 && !thread.Memory.TryWrite(data, value) ? Errno.EFAULT : result;
    }

    /// <summary>struct fiemap, 32 bytes, and fm_extent_count extents of 56. Source: linux/fiemap.h.</summary>
    private static SyscallResult MapExtents(GuestThread thread, int host, uint request, GuestVirtualAddress address)
    {
        const int headerBytes = 32, extentBytes = 56, mappedOffset = 20, countOffset = 24;
        Span<byte> area = thread.Scratch.Span;
        if (!thread.Memory.TryRead(address, area[..headerBytes]))
            return Errno.EFAULT;
        uint count = Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(area[countOffset..]), MostExtents);
        BinaryPrimitives.WriteUInt32LittleEndian(area[countOffset..], count);
        SyscallResult result = thread.Block(SystemCall.Ioctl, host, request, (long)thread.Scratch.Address.Value);
        if (result.IsError || result.IsRestart)
            return result;
        uint mapped = count == 0 ? 0 : Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(area[mappedOffset..]), count);
        return thread.Memory.TryWrite(address, area[..(headerBytes + (int)mapped * extentBytes)]) ? result : Errno.EFAULT;
    }
}
