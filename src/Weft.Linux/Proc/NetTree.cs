namespace Weft.Linux.Proc;

/// <summary>/proc/PID/net: the host's network, or one that has nothing but an idle loopback.</summary>
internal static class NetTree
{
    private const string HostDirectory = "/proc/self/net";

    // Tables whose first line names the columns; the VM's are empty behind it.
    private static readonly string[] Tables = ["route", "arp", "tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6",
        "unix", "packet", "netlink", "igmp", "ptype", "protocols", "rt_cache"];

    private static readonly string[] Empty = ["if_inet6", "ipv6_route", "dev_mcast", "igmp6", "anycast6", "mcfilter", "mcfilter6", "fib_trie", "ip6_flowlabel"];

    /// <summary>The directory.</summary>
    internal static ViewNode Make(ViewContext context) => context.Options.HasNetwork ? new HostMirror(context.Host, HostDirectory) : Isolated(context.Host);

    private static ViewDirectory Isolated(HostReader host)
    {
        ViewDirectory directory = new();
        foreach (string name in Tables)
            if (host.Exists($"{HostDirectory}/{name}"))
                directory.Add(name, ViewFile.Constant(FirstLines(host.ReadText($"{HostDirectory}/{name}"), 1)));
        foreach (string name in Empty)
            if (host.Exists($"{HostDirectory}/{name}"))
                directory.Add(name, ViewFile.Constant(""));
        const int headLines = 2;
        string head = FirstLines(host.ReadText(HostDirectory + "/dev"), headLines);
        string loopback = "    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n";
        return directory.Add("dev", ViewFile.Constant(head + loopback));
    }

    private static string FirstLines(string text, int count)
    {
        int end = 0;
        for (int line = 0; line < count; line++)
        {
            int next = text.IndexOf('\n', end);
            if (next < 0)
                return text;
            end = next + 1;
        }
        return text[..end];
    }
}
