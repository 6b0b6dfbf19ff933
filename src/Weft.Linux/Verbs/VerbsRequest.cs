using System.Buffers.Binary;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>
/// One request that was written to a uverbs device: the VMM's own copy, its sizes checked against each other. Source:
/// struct ib_uverbs_cmd_hdr and ib_uverbs_ex_cmd_hdr in rdma/ib_user_verbs.h, verify_hdr in drivers/infiniband/core/uverbs_main.c.
/// </summary>
internal readonly ref struct VerbsRequest
{
    /// <summary>The longest that is taken: several times the longest that any library sends.</summary>
    internal const int MostBytes = 1024;

    private const int HeaderBytes = 8, ExtendedHeaderBytes = 24, Word = 4, LongWord = 8;
    private const uint CommandMask = 0xff, Extended = 0x8000_0000;

    private VerbsRequest(uint command, bool isExtended, ReadOnlySpan<byte> core, ReadOnlySpan<byte> provider)
    {
        Command = command;
        IsExtended = isExtended;
        Core = core;
        Provider = provider;
    }

    /// <summary>enum ib_uverbs_write_cmds, without the flag.</summary>
    internal uint Command { get; }

    /// <summary>Whether it has the long header.</summary>
    internal bool IsExtended { get; }

    /// <summary>What follows the header; in a short request the provider's part too.</summary>
    internal ReadOnlySpan<byte> Core { get; }

    /// <summary>The provider's part of a long request.</summary>
    internal ReadOnlySpan<byte> Provider { get; }

    /// <summary>Where the response goes.</summary>
    internal GuestVirtualAddress Response { get; private init; }

    /// <summary>Room there, and behind it room for the provider's part, which a short request has in the first.</summary>
    internal int ResponseBytes { get; private init; }

    /// <summary>Room for the provider's part of a long request.</summary>
    internal int ProviderResponseBytes { get; private init; }

    /// <summary>Takes a request apart. EINVAL when its sizes contradict each other.</summary>
    internal static Errno Parse(ReadOnlySpan<byte> bytes, out VerbsRequest request)
    {
        request = default;
        if (bytes.Length < HeaderBytes)
            return Errno.EINVAL;
        uint command = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        int inWords = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]), outWords = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
        if ((command & ~(CommandMask | Extended)) != 0)
            return Errno.EINVAL;
        if ((command & Extended) != 0)
            return ParseExtended(bytes, command & CommandMask, inWords, outWords, out request);
        if (inWords * Word != bytes.Length)
            return Errno.EINVAL;
        ReadOnlySpan<byte> payload = bytes[HeaderBytes..];
        request = new VerbsRequest(command, false, payload, [])
        {
            Response = new(payload.Length >= LongWord ? BinaryPrimitives.ReadUInt64LittleEndian(payload) : 0),
            ResponseBytes = outWords * Word,
        };
        return Errno.None;
    }

    private static Errno ParseExtended(ReadOnlySpan<byte> bytes, uint command, int inWords, int outWords, out VerbsRequest request)
    {
        request = default;
        if (bytes.Length < ExtendedHeaderBytes)
            return Errno.EINVAL;
        ulong response = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        int providerIn = BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..]), providerOut = BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]);
        ReadOnlySpan<byte> payload = bytes[ExtendedHeaderBytes..];
        bool hasRoom = outWords + providerOut != 0;
        if ((inWords + providerIn) * LongWord != payload.Length || BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]) != 0 || hasRoom != (response != 0))
            return Errno.EINVAL;
        request = new VerbsRequest(command, true, payload[..(inWords * LongWord)], payload[(inWords * LongWord)..])
        {
            Response = new(response),
            ResponseBytes = outWords * LongWord,
            ProviderResponseBytes = providerOut * LongWord,
        };
        return Errno.None;
    }

    internal byte U8(int offset) => Core[offset];

    internal ushort U16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(Core[offset..]);

    internal uint U32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(Core[offset..]);

    internal ulong U64(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(Core[offset..]);
}
