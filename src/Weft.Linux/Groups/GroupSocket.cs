using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Weft.Native;

namespace Weft.Linux.Groups;

/// <summary>Unix sockets of whole messages between the VMMs of a group, and the descriptors that travel with them.</summary>
/// <remarks>Buffers hold messages at 0 and what the host's kernel needs beside them from <see cref="MessageBytes"/> on.</remarks>
internal static class GroupSocket
{
    /// <summary>The longest message.</summary>
    internal const int MessageBytes = 128 << 10;

    /// <summary>Length of a buffer that the calls below take.</summary>
    internal const int BufferBytes = MessageBytes + 4096;

    /// <summary>The most descriptors in a message.</summary>
    internal const int MostDescriptors = 4;

    private const int UnixFamily = 1, SequencedPackets = 5, CloseOnExec = 0x80000, Backlog = 128;
    private const int SocketLevel = 1, PeerCredentials = 17, Rights = 1, CloseReceived = 0x40000000, NoSignal = 0x4000;
    private const int Header = MessageBytes, Vector = Header + 64, Control = Vector + 16, ControlHeaderBytes = 16, ControlBytes = 64;
    private const int Address = MessageBytes + 1024;

    /// <summary>A socket that listens as a file of a directory. -errno on failure.</summary>
    internal static long Listen(NativeBuffer buffer, int directory, int processId)
    {
        long socket = HostStubs.Call(SystemCall.Socket, UnixFamily, SequencedPackets | CloseOnExec, 0);
        if (socket < 0)
            return socket;
        long address = PutAddress(buffer, directory, processId, out int length);
        // A file of this name is of a process that had our id before.
        HostStubs.Call(SystemCall.Unlink, address + sizeof(ushort));
        long result = HostStubs.Call(SystemCall.Bind, socket, address, length);
        if (result >= 0)
            result = HostStubs.Call(SystemCall.Listen, socket, Backlog);
        if (result >= 0)
            return socket;
        HostStubs.Call(SystemCall.Close, socket);
        return result;
    }

    /// <summary>A socket connected to a member. -errno on failure: ENOENT or ECONNREFUSED where it doesn't run.</summary>
    internal static long Connect(NativeBuffer buffer, int directory, int processId)
    {
        long socket = HostStubs.Call(SystemCall.Socket, UnixFamily, SequencedPackets | CloseOnExec, 0);
        if (socket < 0)
            return socket;
        long address = PutAddress(buffer, directory, processId, out int length);
        long result = HostStubs.Call(SystemCall.Connect, socket, address, length);
        if (result >= 0)
            return socket;
        HostStubs.Call(SystemCall.Close, socket);
        return result;
    }

    /// <summary>A new connection's socket, or -errno.</summary>
    internal static long Accept(int listener) => HostStubs.Call(SystemCall.Accept4, listener, 0, 0, CloseOnExec);

    /// <summary>Who is at the other end, as the host's kernel says.</summary>
    internal static (int ProcessId, uint UserId) Peer(NativeBuffer buffer, int socket)
    {
        const int structBytes = 12, userOffset = 4;
        Span<byte> space = buffer.Span[MessageBytes..];
        BinaryPrimitives.WriteInt32LittleEndian(space[structBytes..], structBytes);
        long address = (long)buffer.Address.Value + MessageBytes;
        return HostStubs.CallQuick(SystemCall.Getsockopt, socket, SocketLevel, PeerCredentials, address, address + structBytes) < 0
            ? (0, uint.MaxValue)
            : (BinaryPrimitives.ReadInt32LittleEndian(space), BinaryPrimitives.ReadUInt32LittleEndian(space[userOffset..]));
    }

    /// <summary>Sends the buffer's message. Returns 0 or -errno.</summary>
    internal static long Send(NativeBuffer buffer, int socket, int lengthBytes, ReadOnlySpan<int> descriptors = default)
    {
        PrepareHeader(buffer, lengthBytes, descriptors.Length == 0 ? 0 : ControlHeaderBytes + descriptors.Length * sizeof(int));
        Span<byte> control = buffer.Span[Control..];
        BinaryPrimitives.WriteInt64LittleEndian(control, ControlHeaderBytes + descriptors.Length * sizeof(int));
        BinaryPrimitives.WriteInt32LittleEndian(control[8..], SocketLevel);
        BinaryPrimitives.WriteInt32LittleEndian(control[12..], Rights);
        MemoryMarshal.AsBytes(descriptors).CopyTo(control[ControlHeaderBytes..]);
        long sent = HostStubs.Call(SystemCall.Sendmsg, socket, (long)buffer.Address.Value + Header, NoSignal);
        return sent < 0 ? sent : 0;
    }

    /// <summary>Prepares the buffer for a message to come; the address of the header for recvmsg.</summary>
    internal static long PrepareReceive(NativeBuffer buffer)
    {
        PrepareHeader(buffer, MessageBytes, ControlBytes);
        return (long)buffer.Address.Value + Header;
    }

    /// <summary>Receives a message into the buffer. Its length; 0 at the end, -errno on failure.</summary>
    internal static long Receive(NativeBuffer buffer, int socket) =>
        HostStubs.Call(SystemCall.Recvmsg, socket, PrepareReceive(buffer), CloseReceived);

    /// <summary>The flag with which received descriptors are close-on-exec.</summary>
    internal const long ReceiveFlags = CloseReceived;

    /// <summary>The descriptors that came with the last message; the caller owns them.</summary>
    internal static int[] Descriptors(NativeBuffer buffer)
    {
        ulong controlLength = BinaryPrimitives.ReadUInt64LittleEndian(buffer.Span[(Header + 40)..]);
        Span<byte> control = buffer.Span[Control..];
        if (controlLength < ControlHeaderBytes || BinaryPrimitives.ReadInt32LittleEndian(control[12..]) != Rights)
            return [];
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(control) - ControlHeaderBytes;
        return MemoryMarshal.Cast<byte, int>(control.Slice(ControlHeaderBytes, Math.Clamp(length, 0, MostDescriptors * sizeof(int)))).ToArray();
    }

    // struct msghdr: msg_iov at 16, msg_iovlen at 24, msg_control at 32, msg_controllen at 40. Source: linux/socket.h.
    private static void PrepareHeader(NativeBuffer buffer, int lengthBytes, int controlBytes)
    {
        long address = (long)buffer.Address.Value;
        Span<byte> header = buffer.Span.Slice(Header, Vector - Header);
        header.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], address + Vector);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], 1);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], controlBytes == 0 ? 0 : address + Control);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], controlBytes);
        BinaryPrimitives.WriteInt64LittleEndian(buffer.Span[Vector..], address);
        BinaryPrimitives.WriteInt64LittleEndian(buffer.Span[(Vector + 8)..], lengthBytes);
    }

    /// <summary>Through the directory's descriptor: a Unix socket's name holds 108 bytes only.</summary>
    private static long PutAddress(NativeBuffer buffer, int directory, int processId, out int length)
    {
        Span<byte> space = buffer.Span[Address..];
        BinaryPrimitives.WriteUInt16LittleEndian(space, UnixFamily);
        int path = Encoding.ASCII.GetBytes($"/proc/self/fd/{directory}/{processId}\0", space[sizeof(ushort)..]);
        length = sizeof(ushort) + path;
        return (long)buffer.Address.Value + Address;
    }
}
