using System.Buffers.Binary;
using Weft.Linux.Files;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>Protection domains and XRC domains.</summary>
internal static class DomainCommands
{
    internal static Errno Allocate(in VerbsCall call)
    {
        Errno error = call.Context.AllocateProtectionDomain(out uint number);
        if (error != Errno.None)
            return error;
        VerbsObject made = new(VerbsObjectKind.ProtectionDomain, number);
        call.Session.Objects.Add(made);
        const int bytes = 12;
        Span<byte> response = stackalloc byte[bytes];
        response.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(response, made.Handle);
        // The number that the provider puts into address handles.
        BinaryPrimitives.WriteUInt32LittleEndian(response[4..], number);
        return call.RespondWith(made, response);
    }

    internal static Errno Deallocate(in VerbsCall call) => End(call, VerbsObjectKind.ProtectionDomain, 0);

    /// <summary>struct ib_uverbs_open_xrcd: a descriptor or -1 for a private domain, O_CREAT and O_EXCL. Shared by who names the same file.</summary>
    internal static Errno OpenXrc(in VerbsCall call)
    {
        const int known = OpenFlags.Create | OpenFlags.Exclusive, statusBytes = 144, none = -1;
        int descriptor = (int)call.Request.U32(8);
        uint flags = call.Request.U32(12);
        if ((flags & ~(uint)known) != 0 || descriptor == none && (flags & OpenFlags.Create) == 0)
            return Errno.EINVAL;
        ulong device = 0, inode = 0;
        if (descriptor != none)
        {
            using FileLease file = call.Files.Rent(descriptor);
            if (!file.IsOpen)
                return Errno.EBADF;
            Span<byte> status = call.Thread.Scratch.Span[..statusBytes];
            if (HostStubs.Call(SystemCall.Fstat, file.Host, (long)call.Thread.Scratch.Address.Value) < 0)
                return Errno.EBADF;
            device = BinaryPrimitives.ReadUInt64LittleEndian(status);
            inode = BinaryPrimitives.ReadUInt64LittleEndian(status[8..]);
        }
        Errno error = call.Context.OpenXrcDomain(device, inode, flags, out uint number);
        if (error != Errno.None)
            return error;
        VerbsObject made = new(VerbsObjectKind.XrcDomain, number);
        call.Session.Objects.Add(made);
        const int bytes = 4;
        Span<byte> response = stackalloc byte[bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(response, made.Handle);
        return call.RespondWith(made, response);
    }

    internal static Errno CloseXrc(in VerbsCall call) => End(call, VerbsObjectKind.XrcDomain, 0);

    /// <summary>Ends an object that counts no events.</summary>
    internal static Errno End(in VerbsCall call, VerbsObjectKind kind, int handleOffset)
    {
        Errno error = call.Find(kind, call.Request.U32(handleOffset), out VerbsObject found);
        return error != Errno.None ? error : call.Session.End(found, out _);
    }
}
