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

    /// <summary>The bytes of an entry but the last word, which <see cref="LastWord"/> is.</summary>
    internal static void Write(Span<byte> entry, in Completion completion, uint timestampHigh)
    {
        entry.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(entry, completion.QueuePair & 0xffffff);
        BinaryPrimitives.WriteUInt16BigEndian(entry[24..], completion.Index);
        if (completion.Status != WorkStatus.Success)
        {
            entry[27] = SyndromeOf(completion.Status);
            // An XRC target's is looked for by its shared queue's number, in errors too.
            BinaryPrimitives.WriteUInt32BigEndian(entry[8..], completion.SourceQueuePair);
            return;
        }
        BinaryPrimitives.WriteUInt32BigEndian(entry[4..], completion.Immediate);
        BinaryPrimitives.WriteUInt32BigEndian(entry[8..], completion.SourceQueuePair | (completion.HasGlobalHeader ? 1u << 31 : 0));
        if (timestampHigh != 0)
            BinaryPrimitives.WriteUInt32BigEndian(entry[12..], timestampHigh);
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(entry[12..], (ushort)(completion.ServiceLevel << 12));
            BinaryPrimitives.WriteUInt16BigEndian(entry[14..], completion.SourceLid);
        }
        BinaryPrimitives.WriteUInt32BigEndian(entry[20..], completion.LengthBytes);
    }

    /// <summary>Bytes 28 to 31, the owner bit among them: stored last.</summary>
    internal static uint LastWord(in Completion completion, bool owner)
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
