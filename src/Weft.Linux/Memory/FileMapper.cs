using System.Text;
using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <summary>Turns a host descriptor into a mapping, with the checks that Linux makes on its access mode.</summary>
internal static class FileMapper
{
    private const int AccessModeMask = 3, ReadOnly = 0, WriteOnly = 1, PathOnly = 0x200000, GetFlags = 3;

    internal static SyscallResult Map(GuestThread thread, FileDescription file, in MapRequest request)
    {
        if (file is DeviceFile device)
            return device.Map(thread, request);
        long flags = HostStubs.CallQuick(SystemCall.Fcntl, file.Host, GetFlags);
        if (flags < 0)
            return flags;
        if ((flags & PathOnly) != 0)
            return Errno.EBADF;
        long mode = flags & AccessModeMask;
        if (mode == WriteOnly || (request.IsShared && mode == ReadOnly && (request.Protection & Protection.Write) != 0))
            return Errno.EACCES;
        HostContent content = !request.IsShared ? HostContent.PrivateFile
            : mode == ReadOnly ? HostContent.SharedFileReadOnly : HostContent.SharedFile;
        MapRequest complete = request with
        {
            Content = content,
            HostDescriptor = file.Host,
            File = Describe(thread, file, mode != ReadOnly, out bool isRegular),
        };
        if (request.IsShared)
            thread.Memory.Follows(file);
        return isRegular && request.IsShared ? thread.Memory.MapShareable(complete) : thread.Memory.Map(complete);
    }

    /// <summary>MAP_SHARED with MAP_ANONYMOUS: a memfd of its own, as Linux makes one on its internal tmpfs.</summary>
    internal static SyscallResult MapSharedAnonymous(GuestThread thread, in MapRequest request)
    {
        const int closeOnExec = 1;
        Span<byte> name = thread.Scratch.Span;
        "dev/zero\0"u8.CopyTo(name);
        long descriptor = HostStubs.Call(SystemCall.MemfdCreate, (long)thread.Scratch.Address.Value, closeOnExec);
        if (descriptor < 0)
            return descriptor;
        try
        {
            ulong length = request.LengthBytes + AddressSpace.PageSize - 1 & ~(AddressSpace.PageSize - 1);
            if (HostStubs.Call(SystemCall.Ftruncate, descriptor, (long)length) < 0)
                return Errno.ENOMEM;
            HostStubs.CallQuick(SystemCall.Fstat, descriptor, (long)thread.Scratch.Address.Value);
            ulong device = BitConverter.ToUInt64(thread.Scratch.Span), inode = BitConverter.ToUInt64(thread.Scratch.Span[8..]);
            SyscallResult result = thread.Memory.MapShareable(request with
            {
                Content = HostContent.SharedFile,
                HostDescriptor = (int)descriptor,
                File = new MappedFile("/dev/zero (deleted)", device, inode, true),
            });
            thread.Memory.Follow((int)descriptor);
            return result;
        }
        finally
        {
            HostStubs.Call(SystemCall.Close, descriptor);
        }
    }

    private static MappedFile Describe(GuestThread thread, FileDescription file, bool writable, out bool isRegular)
    {
        const int modeOffset = 24, typeMask = 0xf000, regular = 0x8000, statBytes = 144, pathBytes = 4096, currentDirectory = -100;
        NativeBuffer scratch = thread.Scratch;
        long address = (long)scratch.Address.Value;
        isRegular = false;
        if (HostStubs.CallQuick(SystemCall.Fstat, file.Host, address) < 0)
            return new MappedFile("", 0, 0, writable);
        ulong device = BitConverter.ToUInt64(scratch.Span), inode = BitConverter.ToUInt64(scratch.Span[8..]);
        isRegular = (BitConverter.ToInt32(scratch.Span[modeOffset..]) & typeMask) == regular;
        int nameLength = Encoding.ASCII.GetBytes($"/proc/self/fd/{file.Host}\0", scratch.Span[statBytes..]);
        long target = address + statBytes + nameLength;
        long length = HostStubs.CallQuick(SystemCall.Readlinkat, currentDirectory, address + statBytes, target, pathBytes);
        string path = length > 0 ? Encoding.UTF8.GetString(scratch.Span.Slice(statBytes + nameLength, (int)length)) : "";
        return new MappedFile(path, device, inode, writable);
    }
}
