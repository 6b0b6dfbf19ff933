using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Connections;

/// <summary>A VM's endpoints and its events.</summary>
internal sealed class ConnectionChannel(ConnectionManager manager, EventPipe pipe, ushort lid, GlobalAddress gid) : IConnectionChannel
{
    private int _isDisposed;

    internal ushort Lid => lid;

    internal GlobalAddress Gid => gid;

    /// <inheritdoc/>
    public int TakeEventDescriptor() => pipe.TakeReader();

    /// <inheritdoc/>
    public Errno Bind(ConnectionSpace space, in ServiceAddress address, bool mayShare, out uint endpoint, out ushort port) =>
        manager.Bind(this, space, address, mayShare, out endpoint, out port);

    /// <inheritdoc/>
    public Errno Listen(uint endpoint, uint backlog) => manager.Listen(this, endpoint, backlog);

    /// <inheritdoc/>
    public Errno Resolve(ConnectionSpace space, in ServiceAddress address, bool isLocal, out ushort foundLid, out GlobalAddress foundGid) =>
        manager.Resolve(this, space, address, isLocal, out foundLid, out foundGid);

    /// <inheritdoc/>
    public Errno Connect(uint endpoint, in ServiceAddress source, in ServiceAddress destination, bool isLocal, in ConnectionParameters parameters) =>
        manager.Connect(this, endpoint, source, destination, isLocal, parameters);

    /// <inheritdoc/>
    public Errno Accept(uint endpoint, in ConnectionParameters parameters) => manager.Accept(this, endpoint, parameters);

    /// <inheritdoc/>
    public Errno Reject(uint endpoint, ushort reason, in ConnectionParameters parameters) => manager.Reject(this, endpoint, reason, parameters);

    /// <inheritdoc/>
    public Errno Disconnect(uint endpoint) => manager.Disconnect(this, endpoint);

    /// <inheritdoc/>
    public Errno Close(uint endpoint) => manager.Close(this, endpoint);

    /// <summary>Closes every endpoint, and the pipe.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        manager.CloseAll(this);
        manager.Close(pipe);
    }

    /// <summary>Tells the VM. False when its pipe is full. Under the manager's lock.</summary>
    internal bool Tell(in ConnectionEvent happened) => pipe.Write(happened);
}
