using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>Extended attributes: xattr(7).</summary>
internal static class ExtendedAttributeCalls
{
    private const int MostNameBytes = 255, MostValueBytes = 64 << 10;

    [SystemCall(SystemCall.Setxattr, SupportState.Full)]
    internal static SyscallResult Set(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress name, GuestVirtualAddress value, ulong size, int flags) =>
        SetByPath(thread, path, true, name, value, size, flags);

    [SystemCall(SystemCall.Lsetxattr, SupportState.Full)]
    internal static SyscallResult SetOfLink(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress name, GuestVirtualAddress value, ulong size, int flags) =>
        SetByPath(thread, path, false, name, value, size, flags);

    [SystemCall(SystemCall.Fsetxattr, SupportState.Full)]
    internal static SyscallResult SetOfDescriptor(GuestThread thread, int descriptor, GuestVirtualAddress name, GuestVirtualAddress value, ulong size, int flags)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        Errno error = AttributeCalls.RefuseChange(thread, file);
        return error != Errno.None ? error : Set(thread, SystemCall.Fsetxattr, file.Host, name, value, size, flags);
    }

    [SystemCall(SystemCall.Getxattr, SupportState.Full)]
    internal static SyscallResult Get(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress name, GuestVirtualAddress value, ulong size) =>
        GetByPath(thread, path, true, name, value, size);

    [SystemCall(SystemCall.Lgetxattr, SupportState.Full)]
    internal static SyscallResult GetOfLink(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress name, GuestVirtualAddress value, ulong size) =>
        GetByPath(thread, path, false, name, value, size);

    [SystemCall(SystemCall.Fgetxattr, SupportState.Full)]
    internal static SyscallResult GetOfDescriptor(GuestThread thread, int descriptor, GuestVirtualAddress name, GuestVirtualAddress value, ulong size)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        Errno error = ReadName(thread, name, out long nameAddress);
        return error != Errno.None ? error : Receive(thread, SystemCall.Fgetxattr, file.Host, nameAddress, true, value, size);
    }

    [SystemCall(SystemCall.Listxattr, SupportState.Full)]
    internal static SyscallResult List(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress list, ulong size) =>
        ListByPath(thread, path, true, list, size);

    [SystemCall(SystemCall.Llistxattr, SupportState.Full)]
    internal static SyscallResult ListOfLink(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress list, ulong size) =>
        ListByPath(thread, path, false, list, size);

    [SystemCall(SystemCall.Flistxattr, SupportState.Full)]
    internal static SyscallResult ListOfDescriptor(GuestThread thread, int descriptor, GuestVirtualAddress list, ulong size)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        return file.IsOpen ? Receive(thread, SystemCall.Flistxattr, file.Host, 0, false, list, size) : Errno.EBADF;
    }

    [SystemCall(SystemCall.Removexattr, SupportState.Full)]
    internal static SyscallResult Remove(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress name) => RemoveByPath(thread, path, true, name);

    [SystemCall(SystemCall.Lremovexattr, SupportState.Full)]
    internal static SyscallResult RemoveOfLink(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress name) => RemoveByPath(thread, path, false, name);

    [SystemCall(SystemCall.Fremovexattr, SupportState.Full)]
    internal static SyscallResult RemoveOfDescriptor(GuestThread thread, int descriptor, GuestVirtualAddress name)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        Errno error = AttributeCalls.RefuseChange(thread, file);
        if (error == Errno.None)
            error = ReadName(thread, name, out long nameAddress) is var read && read != Errno.None ? read
                : ErrorOf(HostStubs.Call(SystemCall.Fremovexattr, file.Host, nameAddress));
        return error == Errno.None ? SyscallResult.Success : error;
    }

    private static SyscallResult SetByPath(GuestThread thread, GuestVirtualAddress path, bool follow, GuestVirtualAddress name, GuestVirtualAddress value, ulong size, int flags)
    {
        Errno error = AttributeCalls.FindToChange(thread, OpenFlags.CurrentDirectory, path, follow, false, out PathTarget target);
        if (error != Errno.None)
            return error;
        using (target)
            return Set(thread, SystemCall.Setxattr, PathScratch.PutDescriptorPath(thread.Scratch, target.Directory), name, value, size, flags);
    }

    /// <param name="thread">The caller.</param>
    /// <param name="call">setxattr or fsetxattr.</param>
    /// <param name="target">Address of the VMM's path, or its descriptor.</param>
    /// <param name="name">The guest's name.</param>
    /// <param name="value">The guest's value.</param>
    /// <param name="size">The value's bytes.</param>
    /// <param name="flags">XATTR_CREATE, XATTR_REPLACE.</param>
    private static SyscallResult Set(GuestThread thread, SystemCall call, long target, GuestVirtualAddress name, GuestVirtualAddress value, ulong size, int flags)
    {
        if (size > MostValueBytes)
            return Errno.E2BIG;
        Errno error = ReadName(thread, name, out long nameAddress);
        if (error != Errno.None)
            return error;
        using NativeBuffer buffer = new(Math.Max((int)size, 1));
        return thread.Memory.TryRead(value, buffer.Span[..(int)size])
            ? HostStubs.Call(call, target, nameAddress, (long)buffer.Address.Value, (long)size, flags) : Errno.EFAULT;
    }

    private static SyscallResult GetByPath(GuestThread thread, GuestVirtualAddress path, bool follow, GuestVirtualAddress name, GuestVirtualAddress value, ulong size)
    {
        Errno error = FindToLook(thread, path, follow, out PathTarget target);
        if (error != Errno.None)
            return error;
        using (target)
        {
            error = ReadName(thread, name, out long nameAddress);
            return error != Errno.None ? error
                : Receive(thread, SystemCall.Getxattr, PathScratch.PutDescriptorPath(thread.Scratch, target.Directory), nameAddress, true, value, size);
        }
    }

    private static SyscallResult ListByPath(GuestThread thread, GuestVirtualAddress path, bool follow, GuestVirtualAddress list, ulong size)
    {
        Errno error = FindToLook(thread, path, follow, out PathTarget target);
        if (error != Errno.None)
            return error;
        using (target)
            return Receive(thread, SystemCall.Listxattr, PathScratch.PutDescriptorPath(thread.Scratch, target.Directory), 0, false, list, size);
    }

    private static SyscallResult RemoveByPath(GuestThread thread, GuestVirtualAddress path, bool follow, GuestVirtualAddress name)
    {
        Errno error = AttributeCalls.FindToChange(thread, OpenFlags.CurrentDirectory, path, follow, false, out PathTarget target);
        if (error != Errno.None)
            return error;
        using (target)
        {
            error = ReadName(thread, name, out long nameAddress);
            return error != Errno.None ? error
                : HostStubs.Call(SystemCall.Removexattr, PathScratch.PutDescriptorPath(thread.Scratch, target.Directory), nameAddress);
        }
    }

    private static Errno FindToLook(GuestThread thread, GuestVirtualAddress path, bool follow, out PathTarget target)
    {
        target = default;
        Errno error = PathText.Read(thread, path, out PathText text);
        if (error == Errno.None)
            error = thread.Process.Paths.FindObject(thread, OpenFlags.CurrentDirectory, text, follow, false, out target);
        if (error != Errno.None || (target.Node is null && target.Directory >= 0))
            return error;
        target.Dispose();
        return Errno.EOPNOTSUPP;
    }

    private static SyscallResult Receive(GuestThread thread, SystemCall call, long target, long name, bool hasName, GuestVirtualAddress destination, ulong size)
    {
        int bytes = (int)Math.Min(size, MostValueBytes);
        using NativeBuffer buffer = new(Math.Max(bytes, 1));
        long address = (long)buffer.Address.Value;
        long result = hasName ? HostStubs.Call(call, target, name, address, bytes) : HostStubs.Call(call, target, address, bytes);
        return result > 0 && bytes > 0 && !thread.Memory.TryWrite(destination, buffer.Span[..(int)result]) ? Errno.EFAULT : result;
    }

    private static Errno ReadName(GuestThread thread, GuestVirtualAddress name, out long address)
    {
        Errno error = PathText.Read(thread, name, out PathText text, PathScratch.SecondPath);
        address = text.Address;
        return error == Errno.EFAULT ? error : error != Errno.None || text.IsEmpty || text.Bytes.Length > MostNameBytes ? Errno.ERANGE : Errno.None;
    }

    private static Errno ErrorOf(long result) => result < 0 ? (Errno)(-result) : Errno.None;
}
