using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Linux.Memory;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>Memory regions and windows.</summary>
internal static class RegionCommands
{
    private const uint LocalWrite = 1, RemoteWrite = 2, RemoteAtomic = 8, KnownAccess = 63, Writes = LocalWrite | RemoteWrite | RemoteAtomic | 16;
    private const uint ChangesTranslation = 1, ChangesDomain = 2, ChangesAccess = 4;

    /// <summary>struct ib_uverbs_reg_mr: start, length, hca_va, domain, access.</summary>
    internal static Errno Register(in VerbsCall call)
    {
        VerbsRequest request = call.Request;
        Errno error = ReadRegion(request.U64(8), request.U64(16), request.U64(24), request.U32(36), out RegionRequest region);
        if (error == Errno.None)
            error = FindDomain(call, request.U32(32), out region.ProtectionDomain);
        if (error != Errno.None)
            return error;
        error = ProgramMemory.Take(call.Thread, region.Start, region.LengthBytes, (region.Access & Writes) != 0, out ProgramMemory? memory);
        if (error != Errno.None)
            return error;
        error = call.Context.RegisterRegion(region, memory!.Extents, out RegionKeys keys);
        if (error != Errno.None)
        {
            memory.Dispose();
            return error;
        }
        memory.Settle();
        VerbsObject made = new(VerbsObjectKind.Region, keys.Handle) { Buffer = memory };
        call.Session.Objects.Add(made);
        const int bytes = 12;
        Span<byte> response = stackalloc byte[bytes];
        PutNumbers(response, [made.Handle, keys.LocalKey, keys.RemoteKey]);
        return call.RespondWith(made, response);
    }

    /// <summary>struct ib_uverbs_rereg_mr: handle, flags, start, length, hca_va, domain, access.</summary>
    internal static Errno Reregister(in VerbsCall call)
    {
        VerbsRequest request = call.Request;
        uint flags = request.U32(12);
        Errno error = call.Find(VerbsObjectKind.Region, request.U32(8), out VerbsObject found);
        if (error != Errno.None)
            return error;
        if (flags == 0 || (flags & ~(ChangesTranslation | ChangesDomain | ChangesAccess)) != 0)
            return Errno.EINVAL;
        RegionRequest region = new() { Access = request.U32(44) };
        if ((flags & ChangesTranslation) != 0)
            error = ReadRegion(request.U64(16), request.U64(24), request.U64(32), region.Access, out region);
        else if ((flags & ChangesAccess) != 0)
            error = CheckAccess(region.Access);
        if (error == Errno.None && (flags & ChangesDomain) != 0)
            error = FindDomain(call, request.U32(40), out region.ProtectionDomain);
        if (error != Errno.None)
            return error;
        ProgramMemory? memory = null;
        if ((flags & ChangesTranslation) != 0)
            error = ProgramMemory.Take(call.Thread, region.Start, region.LengthBytes, true, out memory);
        if (error != Errno.None)
            return error;
        error = call.Context.ReregisterRegion(found.Number, flags, region, memory is null ? [] : memory.Extents, out RegionKeys keys);
        if (error != Errno.None)
        {
            memory?.Dispose();
            return error;
        }
        memory?.Settle();
        if (memory is not null)
        {
            ProgramMemory? old = found.ReplaceBuffer(memory);
            old?.Dispose();
        }
        const int bytes = 8;
        Span<byte> response = stackalloc byte[bytes];
        PutNumbers(response, [keys.LocalKey, keys.RemoteKey]);
        return call.RespondOrFault(response);
    }

    internal static Errno Deregister(in VerbsCall call) => DomainCommands.End(call, VerbsObjectKind.Region, 0);

    /// <summary>struct ib_uverbs_alloc_mw: domain, type.</summary>
    internal static Errno AllocateWindow(in VerbsCall call)
    {
        byte type = call.Request.U8(12);
        Errno error = FindDomain(call, call.Request.U32(8), out uint domain);
        if (error == Errno.None && type is not (1 or 2))
            error = Errno.EINVAL;
        if (error != Errno.None)
            return error;
        error = call.Context.AllocateWindow(domain, type, out RegionKeys keys);
        if (error != Errno.None)
            return error;
        VerbsObject made = new(VerbsObjectKind.Window, keys.Handle);
        call.Session.Objects.Add(made);
        const int bytes = 8;
        Span<byte> response = stackalloc byte[bytes];
        PutNumbers(response, [made.Handle, keys.RemoteKey]);
        return call.RespondWith(made, response);
    }

    internal static Errno DeallocateWindow(in VerbsCall call) => DomainCommands.End(call, VerbsObjectKind.Window, 0);

    /// <summary>The adapter's number of a protection domain.</summary>
    internal static Errno FindDomain(in VerbsCall call, uint handle, out uint number)
    {
        Errno error = call.Find(VerbsObjectKind.ProtectionDomain, handle, out VerbsObject found);
        number = error == Errno.None ? found.Number : 0;
        return error;
    }

    internal static void PutNumbers(Span<byte> response, ReadOnlySpan<uint> numbers)
    {
        for (int index = 0; index < numbers.Length; index++)
            BinaryPrimitives.WriteUInt32LittleEndian(response[(index * sizeof(uint))..], numbers[index]);
    }

    private static Errno ReadRegion(ulong start, ulong lengthBytes, ulong virtualAddress, uint access, out RegionRequest region)
    {
        region = new RegionRequest { Start = start, LengthBytes = lengthBytes, VirtualAddress = virtualAddress, Access = access };
        const ulong inPage = AddressSpace.PageSize - 1;
        if (lengthBytes == 0 || (start & inPage) != (virtualAddress & inPage) || unchecked(virtualAddress + lengthBytes) < virtualAddress)
            return Errno.EINVAL;
        return CheckAccess(access);
    }

    /// <summary>ib_check_mr_access: remote writing includes the right to write locally.</summary>
    private static Errno CheckAccess(uint access) =>
        (access & ~KnownAccess) != 0 || (access & (RemoteWrite | RemoteAtomic)) != 0 && (access & LocalWrite) == 0 ? Errno.EINVAL : Errno.None;
}
