using System.Net;

namespace Weft.Fabric.Security;

/// <summary>Networks on which a cluster key will do.</summary>
internal static class Network
{
    /// <summary>Whether an address is loopback's or of one of the networks. IPv4 in IPv6 counts as IPv4.</summary>
    internal static bool IsLoopbackOrIn(IPAddress address, IReadOnlyList<IPNetwork> networks)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (IPAddress.IsLoopback(plain))
            return true;
        foreach (IPNetwork network in networks)
        {
            if (network.Contains(plain))
                return true;
        }
        return false;
    }
}
