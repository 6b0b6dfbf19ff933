using Weft.Adapter;
using Weft.Fabric;

namespace Weft.Host.Cluster;

/// <summary>An adapter with links to the other hosts of its cluster.</summary>
internal static class ClusteredAdapter
{
    /// <summary>Joins the cluster and begins to listen.</summary>
    /// <param name="cluster">Which, and how.</param>
    /// <param name="engine">How the engine waits; the rest is set here.</param>
    /// <param name="log">Told what a person may want to know.</param>
    /// <returns>Both are the caller's to dispose, the membership first.</returns>
    /// <exception cref="IOException">It can't be; one line for the user.</exception>
    internal static (VirtualAdapter Adapter, ClusterMembership Membership) Create(ClusterOptions cluster, EngineOptions engine, Action<string> log)
    {
        FabricOptions fabric = new() { Number = 1, Listen = cluster.Address(), Security = cluster.Security(), Log = log };
        if (fabric.Security.Refusal(fabric.Listen.Address) is { } refusal)
            throw new IOException(refusal);
        ClusterMembership membership = ClusterMembership.JoinAsync(
            EtcdStore.Parse(cluster.Store), Environment.MachineName, fabric.Listen, engine.GuidPrefix, log).GetAwaiter().GetResult();
        try
        {
            VirtualAdapter adapter = new(engine with
            {
                FirstLid = (ushort)(membership.Number * FabricNode.LidsPerHost),
                LidCount = FabricNode.LidsPerHost,
                Fabric = fabric with { Number = membership.Number },
            });
            membership.Start(adapter.Fabric!.SetPeers);
            return (adapter, membership);
        }
        catch (ArgumentException exception)
        {
            membership.Dispose();
            throw new IOException(exception.Message);
        }
    }
}
