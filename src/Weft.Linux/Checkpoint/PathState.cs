namespace Weft.Linux.Checkpoint;

/// <summary>Where a process's paths lead. Mounts are numbered: 0 the root, then the binds in their order, then what the VM's own view hands out.</summary>
/// <param name="MountSources">Each mount's descriptor of the host, root first: by path it could be another one by now.</param>
/// <param name="WorkingDirectory">The working directory.</param>
public sealed record PathState(IReadOnlyList<int> MountSources, FileState WorkingDirectory)
{
    /// <summary>A process's paths as they are now.</summary>
    internal static PathState Capture(Process process)
    {
        using Files.FileLease directory = process.Paths.RentWorkingDirectory();
        return new PathState([.. process.Paths.Mounts.FirstGivenFirst.Select(mount => mount.Source)], directory.Description.Describe(process.Paths.Mounts));
    }

    internal IEnumerable<int> HostDescriptors() =>
        MountSources.Append(WorkingDirectory.Host).Where(descriptor => descriptor >= 0);

    internal static void Write(BinaryWriter writer, PathState state)
    {
        writer.WriteList(state.MountSources, static (to, source) => to.Write(source));
        FileState.Write(writer, state.WorkingDirectory);
    }

    internal static PathState Read(BinaryReader reader) => new(reader.ReadList(static from => from.ReadInt32()), FileState.Read(reader));
}
