namespace Weft.Vm.Daemon;

/// <summary>What weftd keeps in the <see cref="RuntimeDirectory"/>.</summary>
public static class DaemonFiles
{
    /// <summary>The HTTP interface's socket.</summary>
    public const string Api = "weftd.sock";

    /// <summary>The socket on which VMs join the adapter.</summary>
    public const string Adapter = "adapter.sock";

    /// <summary>Locked by the daemon while it lives; holds its process id.</summary>
    public const string Lock = "weftd.lock";

    /// <summary>The daemon's log: a JSON object a line.</summary>
    public const string Log = "weftd.log";
}
