using System.Buffers.Binary;
using Weft.Linux.Memory;
using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>
/// The socket between a vfork's child and the parent that waits. The child asks for pages and tells what it has changed: an
/// address of eight bytes, then a length of four, negative to ask, and the changed bytes. The parent only answers.
/// </summary>
/// <remarks>For one thread at a time.</remarks>
internal sealed class ParentLink(int socket)
{
    private const int HeaderBytes = sizeof(ulong) + sizeof(int), MostChangeBytes = 4096;
    private const int NoSignal = 0x4000;

    /// <summary>The child asks for pages.</summary>
    internal bool TryFetch(ulong address, HostAddress destination, ulong lengthBytes)
    {
        using NativeBuffer header = new(HeaderBytes);
        WriteHeader(header, address, -(int)lengthBytes);
        return TrySend(header.Address, HeaderBytes) && TryReceive(destination, (int)lengthBytes);
    }

    /// <summary>The child tells of a change. A parent that is gone needs nothing.</summary>
    internal void SendChange(NativeBuffer buffer, ulong address, ReadOnlySpan<byte> bytes)
    {
        WriteHeader(buffer, address, bytes.Length);
        bytes.CopyTo(buffer.Span[HeaderBytes..]);
        TrySend(buffer.Address, HeaderBytes + bytes.Length);
    }

    /// <summary>The parent serves until the child lets go, however it does. Waits as long as that takes.</summary>
    internal void Serve(AddressSpace memory)
    {
        using NativeBuffer buffer = new((int)IPageSource.MostBytes);
        while (TryReceive(buffer.Address, HeaderBytes))
        {
            ulong address = BinaryPrimitives.ReadUInt64LittleEndian(buffer.Span);
            int length = BinaryPrimitives.ReadInt32LittleEndian(buffer.Span[sizeof(ulong)..]);
            if (length is < -(int)IPageSource.MostBytes or > MostChangeBytes)
                return;
            if (length < 0)
            {
                memory.ReadWhole(address, buffer.Span[..-length]);
                if (!TrySend(buffer.Address, -length))
                    return;
            }
            else if (TryReceive(buffer.Address, length))
                // What the parent may not write it could not have shared.
                memory.TryWrite(new(address), buffer.Span[..length]);
        }
    }

    private static void WriteHeader(NativeBuffer buffer, ulong address, int length)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(buffer.Span, address);
        BinaryPrimitives.WriteInt32LittleEndian(buffer.Span[sizeof(ulong)..], length);
    }

    private bool TrySend(HostAddress from, int length)
    {
        for (int done = 0; done < length;)
        {
            long result = HostStubs.Call(SystemCall.Sendto, socket, (long)(from + (ulong)done).Value, length - done, NoSignal);
            if (result == -(long)Errno.EINTR)
                continue;
            if (result < 0)
                return false;
            done += (int)result;
        }
        return true;
    }

    private bool TryReceive(HostAddress to, int length)
    {
        for (int done = 0; done < length;)
        {
            long result = HostStubs.Call(SystemCall.Read, socket, (long)(to + (ulong)done).Value, length - done);
            if (result == -(long)Errno.EINTR)
                continue;
            if (result <= 0)
                return false;
            done += (int)result;
        }
        return true;
    }
}
