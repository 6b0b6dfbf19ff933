using System.Buffers.Binary;

namespace Weft.Adapter.Mlx4;

/// <summary>Writes completion entries of the mlx4 provider.</summary>
/// <remarks>Source: rdma-core providers/mlx4/mlx4dv.h (struct mlx4_cqe, struct mlx4_err_cqe).</remarks>
internal static class Mlx4Completion
{
    /// <summary>Bytes of the part that is read; a 64-byte entry has it in its upper half.</summary>
    internal const int Bytes = 32;

    /// <summary>The number that says that the queue goes on in another buffer.</summary>
    internal const byte ResizeOpcode = 0x16;

    private const byte OwnerBit = 0x80, SendBit = 0x40, ErrorOpcode = 0x1e;

    /// <summary>An entry, as it stands in memory: the owner bit is in the last word.</summary>
    internal static Mlx4Entry Encode(in Completion completion, bool owner)
    {
        bool isError = completion.Status != WorkStatus.Success;
        // An XRC target's entry is looked for by its shared queue's number, in errors too.
        uint source = completion.SourceQueuePair | (!isError && completion.HasGlobalHeader ? 1u << 31 : 0);
        uint last = LastWord(completion, owner);
        return isError
            ? new Mlx4Entry(Pack(completion.QueuePair & 0xffffff, 0), Pack(source, 0), 0,
                Pack((uint)completion.Index << 16 | SyndromeOf(completion.Status), last))
            : new Mlx4Entry(Pack(completion.QueuePair & 0xffffff, completion.Immediate),
                Pack(source, (uint)completion.ServiceLevel << 28 | completion.SourceLid), Pack(0, completion.LengthBytes),
                Pack((uint)completion.Index << 16, last));
    }

    /// <summary>The entry with a time, of which 48 bits have their places: where LIDs are else, and before the owner bit's byte.</summary>
    internal static Mlx4Entry Stamp(in Mlx4Entry entry, ulong time)
    {
        const ulong lowPlaces = 0x00ff_ff00;
        ulong second = BinaryPrimitives.ReverseEndianness(entry.Second), last = BinaryPrimitives.ReverseEndianness(entry.Last);
        return entry with
        {
            Second = Pack((uint)(second >> 32), (uint)(time >> 16)),
            Last = BinaryPrimitives.ReverseEndianness(last & ~lowPlaces | (time & 0xffff) << 8),
        };
    }

    /// <summary>Two big-endian words as one of the host's.</summary>
    private static ulong Pack(uint first, uint second) => BinaryPrimitives.ReverseEndianness((ulong)first << 32 | second);

    private static uint LastWord(in Completion completion, bool owner)
    {
        int opcode = completion.Status != WorkStatus.Success ? ErrorOpcode
            : completion.IsSend ? completion.ProviderOpcode
            : completion.Kind switch
            {
                RequestKind.WriteImmediate => 0,
                RequestKind.Send => 1,
                RequestKind.SendImmediate => 2,
                _ => 3,
            };
        return (uint)(opcode | (completion.IsSend ? SendBit : 0) | (owner ? OwnerBit : 0));
    }

    /// <summary>The last word of the entry that ends a buffer.</summary>
    internal static uint ResizeWord(bool owner) => (uint)(ResizeOpcode | (owner ? OwnerBit : 0));

    private static byte SyndromeOf(WorkStatus status) => status switch
    {
        WorkStatus.LocalLength => 0x01,
        WorkStatus.LocalQueueOperation => 0x02,
        WorkStatus.LocalProtection => 0x04,
        WorkStatus.Flushed => 0x05,
        WorkStatus.WindowBind => 0x06,
        WorkStatus.LocalAccess => 0x11,
        WorkStatus.RemoteInvalidRequest => 0x12,
        WorkStatus.RemoteAccess => 0x13,
        WorkStatus.RemoteOperation => 0x14,
        WorkStatus.RetriesExceeded => 0x15,
        WorkStatus.ReceiverNotReady => 0x16,
        _ => 0x22,
    };
}
