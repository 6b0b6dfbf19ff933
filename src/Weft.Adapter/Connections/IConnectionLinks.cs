using Weft.Adapter.Control;

namespace Weft.Adapter.Connections;

/// <summary>How connection messages reach other hosts. Called under the manager's lock: must not block, nor call back from the same thread.</summary>
public interface IConnectionLinks
{
    /// <summary>Which host an address is of.</summary>
    /// <param name="space">Whose ports.</param>
    /// <param name="address">The address.</param>
    /// <param name="host">The host's number, above 0.</param>
    /// <param name="lid">LID of a port there; which one a connection leads to, the answer tells.</param>
    /// <param name="gid">Its GID.</param>
    bool TryFind(ConnectionSpace space, in ServiceAddress address, out uint host, out ushort lid, out GlobalAddress gid);

    /// <summary>Sends a message to <see cref="ConnectionMessage.ToHost"/>, in order with others. False when it can't be reached.</summary>
    bool TrySend(in ConnectionMessage message);
}
