using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Adapter.Wire;

/// <summary>
/// Frames over a connected Unix stream socket, with descriptors. The payload of what is sent or was received stands in
/// <see cref="Payload"/>: one buffer serves both, as every frame is answered before the next one.
/// </summary>
/// <remarks>Owned by one thread at a time, but for <see cref="Shutdown"/>. Owns the socket.</remarks>
internal sealed class FrameChannel : IDisposable
{
    /// <summary>The most bytes behind a header: some tens of thousands of extents.</summary>
    internal const int MostPayloadBytes = (2 << 20) - HeadBytes;

    /// <summary>The most descriptors of a frame.</summary>
    internal const int MostDescriptors = 4;

    private const int HeadBytes = 256;
    // Source: struct msghdr (56 bytes), struct iovec, struct cmsghdr with SCM_RIGHTS; x86-64.
    private const int MessageOffset = 0, VectorOffset = 64, ControlOffset = 80, FrameOffset = HeadBytes - FrameHeader.Bytes;
    private const int ControlHeadBytes = 16, ControlBytes = ControlHeadBytes + MostDescriptors * sizeof(int);
    private const int SocketLevel = 1, Rights = 1;
    private const int NoSignal = 0x4000, CloseOnExec = 0x40000000, ControlTruncated = 8;
    private readonly NativeBuffer _buffer = new(HeadBytes + MostPayloadBytes);
    private readonly int _socket;
    private int _disposed;

    internal FrameChannel(int socket) => _socket = socket;

    /// <summary>The payload's place.</summary>
    internal Span<byte> Payload => _buffer.Span.Slice(HeadBytes, MostPayloadBytes);

    private long Base => (long)_buffer.Address.Value;

    /// <summary>Sends a header, the first bytes of the payload as it says, and descriptors. False once the peer is gone.</summary>
    internal bool Send(FrameHeader header, ReadOnlySpan<int> descriptors)
    {
        header.DescriptorCount = (uint)descriptors.Length;
        MemoryMarshal.Write(_buffer.Span[FrameOffset..], in header);
        long total = FrameHeader.Bytes + header.LengthBytes;
        for (long done = 0; done < total;)
        {
            long sent = SendSome(done, total, done == 0 ? descriptors : []);
            if (sent == -(long)Errno.EINTR)
                continue;
            if (sent <= 0)
                return false;
            done += sent;
        }
        return true;
    }

    /// <summary>
    /// Waits for a frame. False when the peer is gone or what it sent is no frame; descriptors that came are then closed,
    /// else they are the caller's: the first of the span, as many as the header says.
    /// </summary>
    /// <param name="header">What came; its payload is in <see cref="Payload"/>.</param>
    /// <param name="descriptors">Room for <see cref="MostDescriptors"/>.</param>
    internal bool Receive(out FrameHeader header, Span<int> descriptors)
    {
        header = default;
        int count = 0;
        bool whole = ReceiveBytes(FrameOffset, FrameHeader.Bytes, descriptors, ref count);
        if (whole)
        {
            header = MemoryMarshal.Read<FrameHeader>(_buffer.Span[FrameOffset..]);
            int none = MostDescriptors;
            whole = header.LengthBytes <= MostPayloadBytes && header.DescriptorCount == count
                && ReceiveBytes(HeadBytes, (int)header.LengthBytes, descriptors, ref none);
        }
        if (!whole)
            Close(descriptors[..count]);
        return whole;
    }

    /// <summary>Ends the conversation: whoever waits in it fails. From any thread, before <see cref="Dispose"/>.</summary>
    internal void Shutdown()
    {
        const int both = 2;
        HostStubs.CallQuick(SystemCall.Shutdown, _socket, both);
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        HostStubs.CallQuick(SystemCall.Close, _socket);
        _buffer.Dispose();
    }

    /// <summary>Closes descriptors that nobody wants.</summary>
    internal static void Close(ReadOnlySpan<int> descriptors)
    {
        foreach (int descriptor in descriptors)
            HostStubs.Call(SystemCall.Close, descriptor);
    }

    private long SendSome(long done, long total, ReadOnlySpan<int> descriptors)
    {
        PutMessage(FrameOffset + done, total - done, descriptors.Length == 0 ? 0 : ControlHeadBytes + descriptors.Length * sizeof(int));
        if (descriptors.Length > 0)
        {
            Span<byte> control = _buffer.Span.Slice(ControlOffset, ControlBytes);
            MemoryMarshal.Write(control, (ulong)(ControlHeadBytes + descriptors.Length * sizeof(int)));
            MemoryMarshal.Write(control[8..], SocketLevel);
            MemoryMarshal.Write(control[12..], Rights);
            MemoryMarshal.AsBytes(descriptors).CopyTo(control[ControlHeadBytes..]);
        }
        return HostStubs.Call(SystemCall.Sendmsg, _socket, Base + MessageOffset, NoSignal);
    }

    /// <summary>Receives exactly so many bytes. Descriptors beyond the room make it fail; the kernel closes those it has no room for.</summary>
    private bool ReceiveBytes(int offset, int lengthBytes, Span<int> descriptors, ref int count)
    {
        for (int done = 0; done < lengthBytes;)
        {
            PutMessage(offset + done, lengthBytes - done, ControlBytes);
            long got = HostStubs.Call(SystemCall.Recvmsg, _socket, Base + MessageOffset, CloseOnExec);
            if (got == -(long)Errno.EINTR)
                continue;
            if (got <= 0 || !TakeDescriptors(descriptors, ref count))
                return false;
            done += (int)got;
        }
        return true;
    }

    private bool TakeDescriptors(Span<int> descriptors, ref int count)
    {
        ReadOnlySpan<byte> message = _buffer.Span.Slice(MessageOffset, VectorOffset);
        ulong controlBytes = MemoryMarshal.Read<ulong>(message[40..]);
        bool fits = (MemoryMarshal.Read<int>(message[48..]) & ControlTruncated) == 0;
        if (controlBytes < ControlHeadBytes)
            return fits;
        ReadOnlySpan<byte> control = _buffer.Span.Slice(ControlOffset, ControlBytes);
        if (MemoryMarshal.Read<int>(control[8..]) != SocketLevel || MemoryMarshal.Read<int>(control[12..]) != Rights)
            return false;
        int length = (int)Math.Min(MemoryMarshal.Read<ulong>(control), ControlBytes);
        foreach (int descriptor in MemoryMarshal.Cast<byte, int>(control[ControlHeadBytes..length]))
        {
            if (count < MostDescriptors)
                descriptors[count++] = descriptor;
            else
            {
                Close([descriptor]);
                fits = false;
            }
        }
        return fits;
    }

    private void PutMessage(long offset, long lengthBytes, int controlBytes)
    {
        Span<byte> head = _buffer.Span[..ControlOffset];
        head.Clear();
        MemoryMarshal.Write(head[VectorOffset..], Base + offset);
        MemoryMarshal.Write(head[(VectorOffset + 8)..], lengthBytes);
        MemoryMarshal.Write(head[16..], Base + VectorOffset);
        MemoryMarshal.Write(head[24..], 1UL);
        MemoryMarshal.Write(head[32..], controlBytes > 0 ? Base + ControlOffset : 0);
        MemoryMarshal.Write(head[40..], (ulong)controlBytes);
    }
}
