using System.Buffers.Binary;
using System.Text;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>Writes netlink messages, one after the other. Source: linux/netlink.h.</summary>
/// <param name="buffer">Where; large enough for all that is written.</param>
/// <param name="sequence">The request's number.</param>
/// <param name="port">Who asked.</param>
internal sealed class NetlinkReply(byte[] buffer, uint sequence, uint port)
{
    private const int HeaderBytes = 16, AttributeBytes = 4;
    private int _start;
    private int _end;

    /// <summary>All messages.</summary>
    internal ReadOnlyMemory<byte> Written => buffer.AsMemory(0, _end);

    /// <summary>Begins a message.</summary>
    internal void Begin(ushort type, ushort flags)
    {
        _start = _end;
        Span<byte> header = buffer.AsSpan(_start);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], flags);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], port);
        _end += HeaderBytes;
    }

    /// <summary>Ends it.</summary>
    internal void End() => BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(_start), (uint)(_end - _start));

    /// <summary>struct nlmsgerr: the error, 0 for an acknowledgement, and the request's header.</summary>
    internal void Acknowledge(ushort type, Errno error, ReadOnlySpan<byte> request)
    {
        Begin(type, 0);
        PutRaw(-(int)error);
        request.CopyTo(buffer.AsSpan(_end));
        _end += request.Length;
        End();
    }

    /// <summary>A number that is no attribute.</summary>
    internal void PutRaw(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(_end), value);
        _end += sizeof(int);
    }

    internal void Put(ushort type, byte value) => Attribute(type, sizeof(byte))[0] = value;

    internal void Put(ushort type, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Attribute(type, sizeof(uint)), value);

    internal void Put(ushort type, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Attribute(type, sizeof(ulong)), value);

    /// <summary>A text, with its terminating 0.</summary>
    internal void Put(ushort type, string text) => Encoding.ASCII.GetBytes(text, Attribute(type, text.Length + 1));

    private Span<byte> Attribute(ushort type, int valueBytes)
    {
        Span<byte> place = buffer.AsSpan(_end);
        BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)(AttributeBytes + valueBytes));
        BinaryPrimitives.WriteUInt16LittleEndian(place[2..], type);
        _end += (AttributeBytes + valueBytes + 3) & ~3;
        return place.Slice(AttributeBytes, valueBytes);
    }
}
