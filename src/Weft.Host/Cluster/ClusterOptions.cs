using System.Globalization;
using System.Net;
using Weft.Fabric.Security;

namespace Weft.Host.Cluster;

/// <summary>How a daemon belongs to a cluster, as its words say.</summary>
public sealed record ClusterOptions
{
    /// <summary>The port where daemons listen unless told otherwise.</summary>
    public const int DefaultPort = 7474;

    /// <summary>etcd://HOST:PORT[,HOST:PORT…].</summary>
    public required string Store { get; init; }

    /// <summary>ADDRESS[:PORT] where other hosts reach this one.</summary>
    public required string Listen { get; init; }

    /// <summary>A file with a secret that all hosts share, or null.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Networks, besides loopback, on which the key will do.</summary>
    public IReadOnlyList<string> TestNetworks { get; init; } = [];

    /// <summary>PEM files for mutual TLS: this host's certificate, its key, the authority's certificate; all or none.</summary>
    public (string? Certificate, string? Key, string? Authority) Tls { get; init; }

    /// <summary>The address that is meant.</summary>
    /// <exception cref="IOException">None is; one line for the user.</exception>
    internal IPEndPoint Address()
    {
        if (IPEndPoint.TryParse(Listen, out IPEndPoint? address) && !address.Address.Equals(IPAddress.Any) && !address.Address.Equals(IPAddress.IPv6Any))
            return address.Port == 0 ? new IPEndPoint(address.Address, DefaultPort) : address;
        throw new IOException($"--listen: '{Listen}' is no address of this host; give ADDRESS[:PORT] by which other hosts reach it, {DefaultPort.ToString(CultureInfo.InvariantCulture)} is the port if none is given");
    }

    /// <summary>What links are protected by.</summary>
    /// <exception cref="IOException">Nothing is, or a file can't be used; one line for the user.</exception>
    internal LinkSecurity Security()
    {
        try
        {
            if (Tls is ({ } certificate, { } key, { } authority))
                return MutualTls.FromFiles(certificate, key, authority);
            if (Tls is not (null, null, null))
                throw new IOException("Certificates need all three of --tls-certificate, --tls-key and --tls-authority.");
            if (KeyFile is null)
                throw new IOException("Links to other hosts need certificates (--tls-certificate, --tls-key, --tls-authority) or, on loopback and test networks, --cluster-key.");
            return ClusterKey.FromFile(KeyFile, [.. TestNetworks.Select(Network)]);
        }
        catch (ArgumentException exception)
        {
            throw new IOException(exception.Message);
        }
    }

    private static IPNetwork Network(string text) =>
        IPNetwork.TryParse(text, out IPNetwork network) ? network : throw new IOException($"--test-network: '{text}' is no network; give ADDRESS/BITS");
}
