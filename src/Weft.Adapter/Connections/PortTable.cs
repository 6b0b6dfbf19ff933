using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Connections;

/// <summary>Which endpoints are at which ports of the host. Under the manager's lock.</summary>
internal sealed class PortTable
{
    private const ushort FirstEphemeral = 32768, LastEphemeral = 60999;
    private readonly Dictionary<(ConnectionSpace, ushort), List<ConnectionEndpoint>> _ports = [];
    private ushort _next = (ushort)Random.Shared.Next(FirstEphemeral, LastEphemeral);

    /// <summary>Puts an endpoint at its port, or chooses one. EADDRINUSE.</summary>
    internal Errno TryAdd(ConnectionEndpoint endpoint)
    {
        if (endpoint.Local.Port == 0)
        {
            for (int attempt = FirstEphemeral; attempt <= LastEphemeral; attempt++)
            {
                _next = _next >= LastEphemeral ? FirstEphemeral : (ushort)(_next + 1);
                if (_ports.ContainsKey((endpoint.Space, _next)))
                    continue;
                endpoint.Local = endpoint.Local with { Port = _next };
                Put(endpoint);
                return Errno.None;
            }
            return Errno.EADDRINUSE;
        }
        foreach (ConnectionEndpoint other in At(endpoint.Space, endpoint.Local.Port))
            if (Overlap(endpoint.Local, other.Local) && !(endpoint.MayShare && other.MayShare && other.State != EndpointState.Listening))
                return Errno.EADDRINUSE;
        Put(endpoint);
        return Errno.None;
    }

    /// <summary>Takes an endpoint away; those that never had a port too.</summary>
    internal void Remove(ConnectionEndpoint endpoint)
    {
        (ConnectionSpace, ushort) key = (endpoint.Space, endpoint.Local.Port);
        if (_ports.TryGetValue(key, out List<ConnectionEndpoint>? there) && there.Remove(endpoint) && there.Count == 0)
            _ports.Remove(key);
    }

    /// <summary>Who listens at an address; the exact address goes before any.</summary>
    /// <param name="space">Whose ports.</param>
    /// <param name="address">The address.</param>
    /// <param name="overlapping">Also who listens at a part of it.</param>
    internal ConnectionEndpoint? Listener(ConnectionSpace space, in ServiceAddress address, bool overlapping)
    {
        ConnectionEndpoint? any = null;
        foreach (ConnectionEndpoint there in At(space, address.Port))
        {
            if (there.State != EndpointState.Listening)
                continue;
            if (there.Local.Address == address.Address)
                return there;
            if (there.Local.IsEverywhere || overlapping && address.IsEverywhere)
                any = there;
        }
        return any;
    }

    private static bool Overlap(in ServiceAddress one, in ServiceAddress other) => one.IsEverywhere || other.IsEverywhere || one.Address == other.Address;

    private List<ConnectionEndpoint> At(ConnectionSpace space, ushort port) => _ports.TryGetValue((space, port), out List<ConnectionEndpoint>? there) ? there : [];

    private void Put(ConnectionEndpoint endpoint)
    {
        (ConnectionSpace, ushort) key = (endpoint.Space, endpoint.Local.Port);
        if (_ports.TryGetValue(key, out List<ConnectionEndpoint>? there))
            there.Add(endpoint);
        else
            _ports.Add(key, [endpoint]);
    }
}
