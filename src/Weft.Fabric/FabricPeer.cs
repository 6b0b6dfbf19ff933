using System.Net;

namespace Weft.Fabric;

/// <summary>Another host of the cluster, as the cluster's membership tells.</summary>
/// <param name="Number">Its number, above 0, unique in the cluster.</param>
/// <param name="Name">Its name, for people.</param>
/// <param name="Address">Where its daemon listens.</param>
/// <param name="LidBlocks">The LIDs it has: each block is <see cref="FabricNode.LidsPerBlock"/> LIDs from block times that on.</param>
public sealed record FabricPeer(ushort Number, string Name, IPEndPoint Address, IReadOnlyList<ushort> LidBlocks);
