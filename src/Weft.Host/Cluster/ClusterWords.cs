using System.CommandLine;

namespace Weft.Host.Cluster;

/// <summary>The words of weftd's command line that concern its cluster.</summary>
internal sealed class ClusterWords
{
    private readonly Option<string> _cluster = new("--cluster")
    {
        Description = "Belong to the cluster whose hosts find each other there",
        HelpName = "etcd://HOST:PORT[,...]",
    };

    private readonly Option<string> _listen = new("--listen")
    {
        Description = "With --cluster: where other hosts reach this one; the port is 7474 if none is given",
        HelpName = "ADDRESS[:PORT]",
    };

    private readonly Option<string> _key = new("--cluster-key")
    {
        Description = "A file with 32 bytes or more that all hosts share: for loopback and test networks",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _testNetworks = new("--test-network")
    {
        Description = "A network on which --cluster-key will do: links there are not encrypted",
        HelpName = "ADDRESS/BITS",
    };

    private readonly Option<string> _certificate = new("--tls-certificate") { Description = "This host's certificate, PEM", HelpName = "FILE" };
    private readonly Option<string> _privateKey = new("--tls-key") { Description = "Its private key, PEM", HelpName = "FILE" };
    private readonly Option<string> _authority = new("--tls-authority") { Description = "The certificate of the authority that signs all hosts', PEM", HelpName = "FILE" };

    /// <summary>Adds them to a command.</summary>
    internal void AddTo(Command command)
    {
        foreach (Option option in (ReadOnlySpan<Option>)[_cluster, _listen, _key, _testNetworks, _certificate, _privateKey, _authority])
            command.Options.Add(option);
    }

    /// <summary>What they say; null for a host alone.</summary>
    /// <exception cref="IOException">They don't fit together; one line for the user.</exception>
    internal ClusterOptions? Read(ParseResult result)
    {
        string? cluster = result.GetValue(_cluster), listen = result.GetValue(_listen);
        if (cluster is null != listen is null)
            throw new IOException("--cluster and --listen go together.");
        if (cluster is null || listen is null)
            return null;
        ClusterOptions options = new()
        {
            Store = cluster,
            Listen = listen,
            KeyFile = FullPath(result.GetValue(_key)),
            TestNetworks = result.GetValue(_testNetworks) ?? [],
            Tls = (FullPath(result.GetValue(_certificate)), FullPath(result.GetValue(_privateKey)), FullPath(result.GetValue(_authority))),
        };
        // What is wrong is said here, not by a daemon that has left the terminal.
        if (options.Security().Refusal(options.Address().Address) is { } refusal)
            throw new IOException(refusal);
        return options;
    }

    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);
}
