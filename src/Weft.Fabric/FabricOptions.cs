using System.Net;
using Weft.Fabric.Links;
using Weft.Fabric.Security;

namespace Weft.Fabric;

/// <summary>How a daemon takes part in the links of its cluster.</summary>
public sealed record FabricOptions
{
    /// <summary>This host's number in the cluster, above 0.</summary>
    public required ushort Number { get; init; }

    /// <summary>Where to listen; port 0 takes a free one (<see cref="FabricNode.Address"/>).</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>How strangers are told from members.</summary>
    public required LinkSecurity Security { get; init; }

    /// <summary>The bounds of each link.</summary>
    public LinkLimits Limits { get; init; } = new();

    /// <summary>Told of what a person may want to know, one line each: links that come up and go down, strangers refused. Any thread.</summary>
    public Action<string>? Log { get; init; }
}
