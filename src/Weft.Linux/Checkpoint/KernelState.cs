namespace Weft.Linux.Checkpoint;

/// <summary>What a VM's kernel knows besides the user's choices.</summary>
public sealed record KernelState
{
    /// <summary>Where the run is written down.</summary>
    public WatchDescriptors Watch { get; init; } = WatchDescriptors.None;

    /// <summary>See <see cref="Kernel.HasEmptyNetwork"/>: the namespace is inherited.</summary>
    public bool HasEmptyNetwork { get; init; }

    /// <summary>See <see cref="Kernel.EndsBySignal"/>.</summary>
    public bool EndsBySignal { get; init; }

    /// <summary>See <see cref="Kernel.NetworkId"/>.</summary>
    public int NetworkId { get; init; }

    /// <summary>Names of Unix sockets: the host's and the program's.</summary>
    public IReadOnlyList<(string Host, byte[] Guest)> UnixNames { get; init; } = [];

    internal static KernelState Capture(Kernel kernel) => new()
    {
        Watch = kernel.Watch,
        HasEmptyNetwork = kernel.HasEmptyNetwork,
        EndsBySignal = kernel.EndsBySignal,
        NetworkId = kernel.NetworkId,
        UnixNames = kernel.UnixNames.ToArray(),
    };

    /// <summary>Gives it to a fresh kernel, but <see cref="Watch"/>, which is the VM's matter.</summary>
    internal void Restore(Kernel kernel)
    {
        kernel.HasEmptyNetwork = HasEmptyNetwork;
        kernel.EndsBySignal = EndsBySignal;
        kernel.NetworkId = NetworkId;
        foreach ((string host, byte[] guest) in UnixNames)
            kernel.UnixNames.Add(System.Text.Encoding.Latin1.GetBytes(host), guest);
    }

    internal static void Write(BinaryWriter writer, KernelState state)
    {
        writer.Write(state.Watch.Trace);
        writer.Write(state.Watch.Statistics);
        writer.Write(state.HasEmptyNetwork);
        writer.Write(state.EndsBySignal);
        writer.Write(state.NetworkId);
        writer.WriteList(state.UnixNames, static (to, name) =>
        {
            to.Write(name.Host);
            to.WriteBytes(name.Guest);
        });
    }

    internal static KernelState Read(BinaryReader reader) => new()
    {
        Watch = new WatchDescriptors(reader.ReadInt32(), reader.ReadInt32()),
        HasEmptyNetwork = reader.ReadBoolean(),
        EndsBySignal = reader.ReadBoolean(),
        NetworkId = reader.ReadInt32(),
        UnixNames = reader.ReadList(static from => (from.ReadString(), from.ReadBytesWithLength())),
    };
}
