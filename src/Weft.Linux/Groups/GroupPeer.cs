using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Groups;

/// <summary>Another member of the group, as this VM talks to it: one connection, one question at a time.</summary>
/// <remarks>Thread-safe. A connection that breaks, because the peer ended, is closed for good.</remarks>
internal sealed class GroupPeer
{
    private const int HeaderBytes = 4, RangeBytes = 16;

    /// <summary>The most ranges in a question or an answer.</summary>
    internal const int MostRanges = 1024;

    private readonly Lock _lock = new();
    private readonly NativeBuffer _buffer = new(GroupSocket.BufferBytes);
    private readonly int _socket;
    private bool _isClosed;
    private int _owedReplies;

    private GroupPeer(int processId, int socket)
    {
        ProcessId = processId;
        _socket = socket;
    }

    /// <summary>The peer's process id.</summary>
    internal int ProcessId { get; }

    /// <summary>The socket, for whoever waits for the peer's end.</summary>
    internal int Socket => _socket;

    /// <summary>Whether its memory was asked for already, with whatever success.</summary>
    internal bool HasAskedMemory { get; set; }

    /// <summary>Whether the connection has broken.</summary>
    internal bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>Connects. Null when no such member runs.</summary>
    internal static GroupPeer? TryConnect(int directory, int processId)
    {
        using NativeBuffer buffer = new(GroupSocket.BufferBytes);
        long socket = GroupSocket.Connect(buffer, directory, processId);
        if (socket < 0)
            return null;
        (int actual, uint user) = GroupSocket.Peer(buffer, (int)socket);
        if (actual == processId && user == HostStubs.CallQuick(SystemCall.Geteuid))
            return new GroupPeer(processId, (int)socket);
        HostStubs.Call(SystemCall.Close, socket);
        return null;
    }

    /// <summary>Asks a question whose answer is text or bytes. Null when the peer refuses or has ended.</summary>
    internal byte[]? Ask(GuestThread thread, GroupRequest request, ReadOnlySpan<byte> body = default)
    {
        lock (_lock)
        {
            Put(request, body, default);
            SyscallResult length = ExchangeLocked(thread, HeaderBytes + body.Length);
            return length.Value < HeaderBytes || BinaryPrimitives.ReadInt32LittleEndian(_buffer.Span) < 0
                ? null : _buffer.Span[HeaderBytes..(int)length.Value].ToArray();
        }
    }

    /// <summary>The peer's memory, to be mapped; the caller owns the descriptors. Null when the peer gives none.</summary>
    internal PeerMemory? AskMemory(GuestThread thread)
    {
        const int answerBytes = HeaderBytes + 3 * sizeof(ulong);
        lock (_lock)
        {
            Put(GroupRequest.Memory, default, 0);
            SyscallResult length = ExchangeLocked(thread, HeaderBytes, out int[] descriptors);
            if (length.Value >= answerBytes && descriptors.Length == 2)
            {
                ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(_buffer.Span.Slice(HeaderBytes, 3 * sizeof(ulong)));
                return new PeerMemory(ProcessId, descriptors[0], descriptors[1], words[0], new GuestPhysicalAddress(words[1]), words[2]);
            }
            CloseAll(descriptors);
            return null;
        }
    }

    /// <summary>The peer has ended.</summary>
    internal void Close()
    {
        lock (_lock)
            if (!_isClosed)
                CloseLocked();
    }

    /// <summary>The host's number of one of the peer's descriptors; negative when it isn't open.</summary>
    internal int HostDescriptor(GuestThread thread, int number)
    {
        lock (_lock)
        {
            Put(GroupRequest.Descriptor, default, number);
            SyscallResult length = ExchangeLocked(thread, HeaderBytes + sizeof(int));
            return length.Value < HeaderBytes ? -1 : BinaryPrimitives.ReadInt32LittleEndian(_buffer.Span);
        }
    }

    /// <summary>
    /// Moves data between the caller's memory and the peer's, by the host's process_vm calls on the two VMMs.
    /// </summary>
    /// <param name="thread">The caller; its scratch memory from <see cref="RemoteVectors"/> on is used.</param>
    /// <param name="local">struct iovec of the VMM's memory, and how many.</param>
    /// <param name="remote">Addresses and lengths in the peer's address space; not empty.</param>
    /// <param name="writes">Into the peer.</param>
    /// <returns>Bytes moved, possibly fewer than asked; EFAULT for none, ESRCH when the peer has ended, Restart.</returns>
    internal SyscallResult Move(GuestThread thread, (HostAddress Address, int Count) local, ReadOnlySpan<ulong> remote, bool writes)
    {
        lock (_lock)
        {
            Put(GroupRequest.Translate, MemoryMarshal.AsBytes(remote), writes ? 1 : 0);
            SyscallResult length = ExchangeLocked(thread, HeaderBytes + sizeof(int) + remote.Length * sizeof(ulong));
            if (length.IsError || length.IsRestart)
                return length;
            int count = Math.Min(((int)length.Value - HeaderBytes) / RangeBytes, MostRanges);
            _buffer.Span.Slice(HeaderBytes, Math.Max(0, count) * RangeBytes).CopyTo(thread.Scratch.Span[RemoteVectors..]);
            SyscallResult moved = count <= 0 ? Errno.EFAULT : HostStubs.Call(writes ? SystemCall.ProcessVmWritev : SystemCall.ProcessVmReadv, ProcessId,
                (long)local.Address.Value, local.Count, (long)thread.Scratch.Address.Value + RemoteVectors, count, 0);
            Put(GroupRequest.Done, default, 0);
            GroupSocket.Send(_buffer, _socket, HeaderBytes);
            return moved;
        }
    }

    /// <summary>Where in a thread's scratch memory the peer's ranges are put.</summary>
    internal const int RemoteVectors = 32 << 10;

    private void Put(GroupRequest request, ReadOnlySpan<byte> body, int word)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.Span, (int)request);
        int at = HeaderBytes;
        if (request is GroupRequest.Translate or GroupRequest.Descriptor)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_buffer.Span[at..], word);
            at += sizeof(int);
        }
        body.CopyTo(_buffer.Span[at..]);
    }

    private SyscallResult ExchangeLocked(GuestThread thread, int lengthBytes)
    {
        SyscallResult length = ExchangeLocked(thread, lengthBytes, out int[] descriptors);
        CloseAll(descriptors);
        return length;
    }

    /// <summary>Sends the question and waits for the answer's length; ESRCH when the peer has ended.</summary>
    private SyscallResult ExchangeLocked(GuestThread thread, int lengthBytes, out int[] descriptors)
    {
        descriptors = [];
        if (_isClosed)
            return Errno.ESRCH;
        if (GroupSocket.Send(_buffer, _socket, lengthBytes) < 0)
            return CloseLocked();
        while (true)
        {
            SyscallResult length = thread.Block(SystemCall.Recvmsg, _socket, GroupSocket.PrepareReceive(_buffer), GroupSocket.ReceiveFlags);
            if (length.IsRestart)
            {
                // A signal came first: the answer is skipped when it comes, and holds nothing at the peer.
                _owedReplies++;
                Put(GroupRequest.Done, default, 0);
                GroupSocket.Send(_buffer, _socket, HeaderBytes);
                return length;
            }
            if (length.Value < HeaderBytes)
                return CloseLocked();
            descriptors = GroupSocket.Descriptors(_buffer);
            if (_owedReplies == 0)
                return length;
            _owedReplies--;
            CloseAll(descriptors);
        }
    }

    private static void CloseAll(int[] descriptors)
    {
        foreach (int descriptor in descriptors)
            HostStubs.Call(SystemCall.Close, descriptor);
    }

    private SyscallResult CloseLocked()
    {
        Volatile.Write(ref _isClosed, true);
        HostStubs.Call(SystemCall.Close, _socket);
        return Errno.ESRCH;
    }
}
