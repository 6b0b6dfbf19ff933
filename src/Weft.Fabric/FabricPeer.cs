using System.Net;

namespace Weft.Fabric;

/// <summary>Another host of the cluster, as the cluster's membership tells.</summary>
/// <param name="Number">Its number, 1 to <see cref="FabricNode.MostHosts"/>, unique in the cluster.</param>
/// <param name="Name">Its name, for people.</param>
/// <param name="Address">Where its daemon listens.</param>
public sealed record FabricPeer(ushort Number, string Name, IPEndPoint Address)
{
    /// <summary>Its other addresses, by which programs may call for its VMs.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];
}
