using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Groups;

/// <summary>
/// Answers what other members of the group ask: where memory is, and what /proc shows. One thread; it never asks
/// another member anything, so that members can't wait for each other in a ring.
/// </summary>
/// <remarks>A connection is a grant: noted when it begins, taken back when it ends, however the other side ends.</remarks>
internal sealed class GroupServer
{
    private const int PollEntryBytes = 8, PollIn = 1, MostConnections = 1024, FirstConnection = 2;
    private const int ReplyHeaderBytes = 4, RangeBytes = 16, MostRanges = 1024, ScratchBytes = 64 << 10;

    private readonly Group _group;
    private readonly Process _process;
    private readonly IGroupRegister _register;
    private readonly int _listener;
    private readonly NativeBuffer _buffer = new(GroupSocket.BufferBytes);
    private readonly NativeBuffer _scratch = new(ScratchBytes);
    private readonly NativeBuffer _polled = new((MostConnections * 2 + FirstConnection) * PollEntryBytes);
    private readonly List<Connection> _connections = [];

    internal GroupServer(Group group, Process process, IGroupRegister register, int listener)
    {
        _group = group;
        _process = process;
        _register = register;
        _listener = listener;
    }

    /// <summary>Serves on a thread of its own until the process ends.</summary>
    internal void Start() => new Thread(Serve, 256 << 10) { IsBackground = true, Name = "weft group" }.Start();

    private void Serve()
    {
        _register.Sweep();
        using NativeBuffer count = new(sizeof(ulong));
        while (true)
        {
            GroupPeer[] peers = _group.Peers(MostConnections);
            PutPolled(0, _listener, PollIn);
            PutPolled(1, _group.PeersChanged, PollIn);
            for (int index = 0; index < _connections.Count; index++)
                PutPolled(FirstConnection + index, _connections[index].Socket, PollIn);
            int firstPeer = FirstConnection + _connections.Count;
            for (int index = 0; index < peers.Length; index++)
                PutPolled(firstPeer + index, peers[index].Socket, 0);
            const int noTimeout = -1;
            if (HostStubs.Call(SystemCall.Poll, (long)_polled.Address.Value, firstPeer + peers.Length, noTimeout) <= 0)
                continue;
            for (int index = 0; index < peers.Length; index++)
                if (IsReady(firstPeer + index))
                    _group.Forget(peers[index]);
            for (int index = _connections.Count - 1; index >= 0; index--)
                if (IsReady(FirstConnection + index) && !TryAnswer(_connections[index]))
                    End(index);
            if (IsReady(1))
                HostStubs.Call(SystemCall.Read, _group.PeersChanged, (long)count.Address.Value, sizeof(ulong));
            if (IsReady(0))
                Accept();
        }
    }

    private void Accept()
    {
        long socket = GroupSocket.Accept(_listener);
        if (socket < 0)
            return;
        (int processId, uint user) = GroupSocket.Peer(_buffer, (int)socket);
        if (user != HostStubs.CallQuick(SystemCall.Geteuid) || _connections.Count >= MostConnections || !_register.IsMember(processId))
        {
            HostStubs.Call(SystemCall.Close, socket);
            return;
        }
        _connections.Add(new Connection((int)socket, processId));
        _register.Grant(processId);
    }

    private void End(int index)
    {
        Connection connection = _connections[index];
        _connections.RemoveAt(index);
        HostStubs.Call(SystemCall.Close, connection.Socket);
        EndUse(connection);
        if (connection.Reader is { } reader)
            _process.Kernel.Machine.Memory.RemoveReader(reader);
        if (!_connections.Exists(other => other.ProcessId == connection.ProcessId))
            _register.Revoke(connection.ProcessId);
    }

    private void EndUse(Connection connection)
    {
        if (!connection.HoldsMemory)
            return;
        connection.HoldsMemory = false;
        _process.Kernel.Machine.Memory.EndHold();
    }

    /// <summary>Answers one message. False when the connection has ended, or its peer talks nonsense.</summary>
    private bool TryAnswer(Connection connection)
    {
        long length = GroupSocket.Receive(_buffer, connection.Socket);
        if (length < sizeof(int))
            return false;
        foreach (int descriptor in GroupSocket.Descriptors(_buffer))
            HostStubs.Call(SystemCall.Close, descriptor);
        // Copied before it is looked at: the reply is built in the same buffer.
        byte[] message = _buffer.Span[..(int)length].ToArray();
        ReadOnlySpan<byte> body = message.AsSpan(sizeof(int));
        int replyBytes;
        switch ((GroupRequest)BinaryPrimitives.ReadInt32LittleEndian(message))
        {
            case GroupRequest.Translate:
                replyBytes = Translate(connection, body);
                break;
            case GroupRequest.Memory:
                return TrySendMemory(connection);
            case GroupRequest.Done:
                EndUse(connection);
                return true;
            case GroupRequest.Descriptor when body.Length >= sizeof(int):
                replyBytes = Descriptor(BinaryPrimitives.ReadInt32LittleEndian(body));
                break;
            case GroupRequest.ReadFile:
                replyBytes = View(Encoding.Latin1.GetString(body), VirtualNodeKind.File);
                break;
            case GroupRequest.ReadLink:
                replyBytes = View(Encoding.Latin1.GetString(body), VirtualNodeKind.Symlink);
                break;
            case GroupRequest.ListThreads:
                replyBytes = Reply(0, MemoryMarshal.AsBytes(Array.ConvertAll(_process.Threads, thread => thread.ThreadId).AsSpan()));
                break;
            case GroupRequest.ListDescriptors:
                replyBytes = Reply(0, MemoryMarshal.AsBytes(_process.Files.OpenDescriptors().AsSpan()));
                break;
            default:
                return false;
        }
        return GroupSocket.Send(_buffer, connection.Socket, replyBytes) >= 0;
    }

    /// <summary>Where the ranges are, as far as the program itself may access them: the reply ends before the first byte that it may not.</summary>
    private int Translate(Connection connection, ReadOnlySpan<byte> body)
    {
        if (body.Length < sizeof(int))
            return Reply(-(int)Errno.EINVAL);
        PageAccess need = BinaryPrimitives.ReadInt32LittleEndian(body) != 0 ? PageAccess.Write : PageAccess.Read;
        if (!connection.HoldsMemory)
        {
            connection.HoldsMemory = true;
            _process.Kernel.Machine.Memory.BeginHold();
        }
        ReadOnlySpan<ulong> ranges = MemoryMarshal.Cast<byte, ulong>(body[sizeof(int)..]);
        int used = ReplyHeaderBytes;
        for (int index = 0; index + 1 < ranges.Length; index += 2)
        {
            GuestVirtualAddress address = new(ranges[index]);
            for (ulong left = ranges[index + 1]; left > 0;)
            {
                if (used + RangeBytes > ReplyHeaderBytes + MostRanges * RangeBytes
                    || !_process.Memory.TryGetHostRange(address, left, need, out HostAddress host, out ulong contiguous))
                    return Finish(used);
                _process.Memory.FillForMember(address, contiguous);
                BinaryPrimitives.WriteUInt64LittleEndian(_buffer.Span[used..], host.Value);
                BinaryPrimitives.WriteUInt64LittleEndian(_buffer.Span[(used + sizeof(ulong))..], contiguous);
                used += RangeBytes;
                address += contiguous;
                left -= contiguous;
            }
        }
        return Finish(used);
    }

    private bool TrySendMemory(Connection connection)
    {
        GuestPhysicalMemory memory = _process.Kernel.Machine.Memory;
        if (connection.Reader is not null || memory.SystemDescriptor < 0 || memory.ArenaDescriptor < 0 || memory.AddReader() is not { } word)
            return GroupSocket.Send(_buffer, connection.Socket, Reply(-(int)Errno.ENOMEM)) >= 0;
        connection.Reader = word.Number;
        ReadOnlySpan<ulong> facts = [memory.ArenaBytes, _process.Memory.PageTables.Root.Value, word.ArenaOffset];
        return GroupSocket.Send(_buffer, connection.Socket, Reply(0, MemoryMarshal.AsBytes(facts)), [memory.ArenaDescriptor, memory.SystemDescriptor]) >= 0;
    }

    private int Descriptor(int number)
    {
        using FileLease file = _process.Files.Rent(number);
        return Reply(file.IsOpen ? file.Host : -(int)Errno.ENOENT);
    }

    private int View(string name, VirtualNodeKind kind)
    {
        bool isKnown = kind == VirtualNodeKind.File ? MemberFiles.IsFile(name) : Array.IndexOf(MemberFiles.Links, name) >= 0;
        // Made here: the tree's own link uses the scratch memory of the thread that asks.
        if (name == MemberFiles.WorkingDirectory && isKnown)
            return Reply(0, Encoding.Latin1.GetBytes(_process.Paths.DescribeWorkingDirectory(_scratch)));
        GuestThread[] threads = _process.Threads;
        if (!isKnown || threads.Length == 0 || _process.Kernel.VirtualFiles is not { } view
            || !view.TryResolve(threads[0], $"/proc/{_process.Id}/{name}", out VirtualNode? node) || node is null || node.Kind != kind)
            return Reply(-(int)Errno.ENOENT);
        byte[] content = kind == VirtualNodeKind.File ? node.Read!(threads[0]) : Encoding.Latin1.GetBytes(node.Target);
        return Reply(0, content.AsSpan(0, Math.Min(content.Length, GroupSocket.MessageBytes - ReplyHeaderBytes)));
    }

    private int Reply(int status, ReadOnlySpan<byte> content = default)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.Span, status);
        content.CopyTo(_buffer.Span[ReplyHeaderBytes..]);
        return ReplyHeaderBytes + content.Length;
    }

    private int Finish(int used)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.Span, 0);
        return used;
    }

    private void PutPolled(int index, int descriptor, int events)
    {
        Span<byte> entry = _polled.Span[(index * PollEntryBytes)..];
        BinaryPrimitives.WriteInt32LittleEndian(entry, descriptor);
        BinaryPrimitives.WriteInt32LittleEndian(entry[sizeof(int)..], events);
    }

    /// <summary>Whether poll found anything: a message, or the end.</summary>
    private bool IsReady(int index) => BinaryPrimitives.ReadInt16LittleEndian(_polled.Span[(index * PollEntryBytes + 6)..]) != 0;

    private sealed class Connection(int socket, int processId)
    {
        internal int Socket { get; } = socket;

        internal int ProcessId { get; } = processId;

        internal bool HoldsMemory { get; set; }

        /// <summary>Its reader word's number, once it has our memory.</summary>
        internal int? Reader { get; set; }
    }
}
