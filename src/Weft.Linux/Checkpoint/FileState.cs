namespace Weft.Linux.Checkpoint;

/// <summary>An open file of a state, which several numbers may share.</summary>
/// <remarks>Host numbers mean the same to who wrote the state and who restores it: the descriptors are inherited.</remarks>
public sealed record FileState
{
    /// <summary>What stands behind it.</summary>
    public required FileKind Kind { get; init; }

    /// <summary>The host's descriptor; -1 for what is made anew.</summary>
    public int Host { get; init; } = -1;

    /// <summary>Which mount it was opened in: see <see cref="PathState"/>; -1 for none.</summary>
    public int Mount { get; init; } = -1;

    /// <summary>The path in the VM's own view, a char a byte.</summary>
    public string Path { get; init; } = "";

    /// <summary>The descriptor that fills a virtual file.</summary>
    public int Writer { get; init; } = -1;

    /// <summary>Of a virtual file: 1 when it takes reads, 2 when it takes writes. Of a signalfd: O_NONBLOCK.</summary>
    public int Flags { get; init; }

    /// <summary>Of a virtual directory: the next entry.</summary>
    public int Position { get; init; }

    /// <summary>Of a signalfd: its mask.</summary>
    public ulong SignalMask { get; init; }

    /// <summary>Under what the file stands in epoll sets.</summary>
    public EpollKeyState Keys { get; init; } = EpollKeyState.None;

    internal static void Write(BinaryWriter writer, FileState file)
    {
        writer.Write((int)file.Kind);
        writer.Write(file.Host);
        writer.Write(file.Mount);
        writer.Write(file.Path);
        writer.Write(file.Writer);
        writer.Write(file.Flags);
        writer.Write(file.Position);
        writer.Write(file.SignalMask);
        EpollKeyState.Write(writer, file.Keys);
    }

    internal static FileState Read(BinaryReader reader) => new()
    {
        Kind = (FileKind)reader.ReadInt32(),
        Host = reader.ReadInt32(),
        Mount = reader.ReadInt32(),
        Path = reader.ReadString(),
        Writer = reader.ReadInt32(),
        Flags = reader.ReadInt32(),
        Position = reader.ReadInt32(),
        SignalMask = reader.ReadUInt64(),
        Keys = EpollKeyState.Read(reader),
    };
}
