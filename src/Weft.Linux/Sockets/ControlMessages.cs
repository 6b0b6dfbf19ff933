using System.Buffers.Binary;

namespace Weft.Linux.Sockets;

/// <summary>The layout of control messages. Source: cmsg(3): size_t cmsg_len; int cmsg_level; int cmsg_type; data.</summary>
internal static class ControlMessages
{
    internal const int HeaderBytes = 16, LevelOffset = 8, TypeOffset = 12, Rights = 1, Credentials = 2, ProcessDescriptor = 4;

    /// <summary>The length of the message at the start, header included; 0 when there is no whole one.</summary>
    internal static int Length(ReadOnlySpan<byte> messages)
    {
        if (messages.Length < HeaderBytes)
            return 0;
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(messages);
        return length < HeaderBytes || length > (ulong)messages.Length ? 0 : (int)length;
    }

    /// <summary>Where the next message begins.</summary>
    internal static int Aligned(int length) => length + 7 & ~7;

    /// <summary>Whether the message's data are descriptors.</summary>
    internal static bool HoldsDescriptors(ReadOnlySpan<byte> message, bool received)
    {
        int type = BinaryPrimitives.ReadInt32LittleEndian(message[TypeOffset..]);
        return BinaryPrimitives.ReadInt32LittleEndian(message[LevelOffset..]) == SocketFlags.LevelSocket
            && (type == Rights || (received && type == ProcessDescriptor));
    }
}
