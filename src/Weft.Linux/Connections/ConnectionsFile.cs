using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Connections;

/// <summary>
/// An open /dev/infiniband/rdma_cm: requests are written, events wait in a queue. The host's descriptor is an eventfd that
/// is readable while the queue holds something.
/// </summary>
/// <remarks>The queue is under the service's lock; the last close ends the ids whose events come here.</remarks>
internal sealed class ConnectionsFile : DeviceFile
{
    private const int MostRequestBytes = 512;
    private readonly LinkedList<ConnectionNotice> _queue = new();
    private readonly NativeBuffer _buffer = new(4096);

    private ConnectionsFile(int host, VirtualNode node, string path, ConnectionService service)
        : base(host, node, path) => Service = service;

    /// <summary>The VM's connection management.</summary>
    internal ConnectionService Service { get; }

    /// <summary>Opens the device: <see cref="VirtualNode.Opener"/>.</summary>
    internal static SyscallResult Open(GuestThread thread, string path, int flags, out FileDescription? file)
    {
        file = null;
        const int closeOnExec = 0x80000;
        if (!thread.Kernel.VirtualFiles!.TryResolve(thread, path, out VirtualNode? node) || node is null)
            return Errno.ENXIO;
        Errno error = thread.Kernel.OpenConnections(out ConnectionService? service);
        if (error != Errno.None)
            return error;
        long host = HostStubs.Call(SystemCall.Eventfd2, 0, closeOnExec | flags & OpenFlags.NonBlocking);
        if (host >= 0)
            file = new ConnectionsFile((int)host, node, path, service!);
        return host;
    }

    /// <inheritdoc/>
    internal override SyscallResult Write(GuestThread thread, GuestVirtualAddress buffer, ulong count)
    {
        if (count > MostRequestBytes)
            return Errno.EINVAL;
        Span<byte> copy = stackalloc byte[MostRequestBytes];
        copy = copy[..(int)count];
        if (!thread.Memory.TryRead(buffer, copy))
            return Errno.EFAULT;
        SyscallResult result = ConnectionCommands.Serve(this, thread, copy);
        return result.Value == 0 ? (long)count : result;
    }

    /// <summary>Queues an event. Under the service's lock.</summary>
    internal void Add(ConnectionNotice notice)
    {
        bool wasEmpty = _queue.Count == 0;
        _queue.AddLast(notice);
        if (wasEmpty)
            Signal();
    }

    /// <summary>The next event, which stays. Under the service's lock.</summary>
    internal ConnectionNotice? Peek() => _queue.First?.Value;

    /// <summary>Takes the next event. Under the service's lock.</summary>
    internal void Take()
    {
        _queue.RemoveFirst();
        ClearIfEmpty();
    }

    /// <summary>Takes out the events of an id. Under the service's lock.</summary>
    internal List<ConnectionNotice> TakeAll(ConnectionId id)
    {
        List<ConnectionNotice> taken = [];
        for (LinkedListNode<ConnectionNotice>? node = _queue.First, next; node is not null; node = next)
        {
            next = node.Next;
            if (node.Value.Target != id && node.Value.Subject != id)
                continue;
            taken.Add(node.Value);
            _queue.Remove(node);
        }
        if (taken.Count > 0)
            ClearIfEmpty();
        return taken;
    }

    /// <inheritdoc/>
    protected override long OnLastRelease()
    {
        Service.CloseFile(this);
        _buffer.Dispose();
        return base.OnLastRelease();
    }

    private void Signal()
    {
        BitConverter.TryWriteBytes(_buffer.Span, 1UL);
        HostStubs.Call(SystemCall.Write, Host, (long)_buffer.Address.Value, sizeof(ulong));
    }

    /// <summary>The eventfd holds a count as long as the queue holds events, so this never waits.</summary>
    private void ClearIfEmpty()
    {
        if (_queue.Count == 0)
            HostStubs.Call(SystemCall.Read, Host, (long)_buffer.Address.Value, sizeof(ulong));
    }
}
