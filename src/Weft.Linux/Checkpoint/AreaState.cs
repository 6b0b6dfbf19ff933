using Weft.Linux.Memory;
using Weft.Machine;

namespace Weft.Linux.Checkpoint;

/// <summary>A mapping as it crosses to another VMM: what it is; the pages come with <see cref="PageRun"/>.</summary>
public sealed record AreaState
{
    /// <summary>First address.</summary>
    public required ulong Start { get; init; }

    /// <summary>Length, a multiple of the page size.</summary>
    public required ulong LengthBytes { get; init; }

    /// <summary>PROT_*.</summary>
    public required Protection Protection { get; init; }

    /// <summary>What the host maps behind it.</summary>
    public required HostContent Content { get; init; }

    /// <summary>MAP_SHARED.</summary>
    public bool IsShared { get; init; }

    /// <summary>MAP_GROWSDOWN.</summary>
    public bool GrowsDown { get; init; }

    /// <summary>MADV_WIPEONFORK.</summary>
    public bool WipeOnFork { get; init; }

    /// <summary>So large that its pages cross when somebody looks at them.</summary>
    public bool IsLate { get; init; }

    /// <summary>The file as /proc/self/maps shows it; null for anonymous memory.</summary>
    public MappedFile? File { get; init; }

    /// <summary>Offset in the file of <see cref="Start"/>.</summary>
    public ulong FileOffset { get; init; }

    /// <summary>"[heap]" and the like, or null.</summary>
    public string? Name { get; init; }

    /// <summary>The file's descriptor, of the same number in both VMMs; -1 for none.</summary>
    public int Descriptor { get; init; } = -1;

    internal void Write(BinaryWriter writer)
    {
        writer.Write(Start);
        writer.Write(LengthBytes);
        writer.Write((int)Protection);
        writer.Write((int)Content);
        writer.Write(IsShared);
        writer.Write(GrowsDown);
        writer.Write(WipeOnFork);
        writer.Write(IsLate);
        writer.Write(FileOffset);
        writer.Write(Name ?? "");
        writer.Write(Descriptor);
        writer.Write(File is not null);
        if (File is null)
            return;
        writer.Write(File.Path);
        writer.Write(File.Device);
        writer.Write(File.Inode);
        writer.Write(File.Writable);
        writer.Write(File.IsSystemV);
    }

    internal static AreaState Read(BinaryReader reader)
    {
        AreaState area = new()
        {
            Start = reader.ReadUInt64(),
            LengthBytes = reader.ReadUInt64(),
            Protection = (Protection)reader.ReadInt32(),
            Content = (HostContent)reader.ReadInt32(),
            IsShared = reader.ReadBoolean(),
            GrowsDown = reader.ReadBoolean(),
            WipeOnFork = reader.ReadBoolean(),
            IsLate = reader.ReadBoolean(),
            FileOffset = reader.ReadUInt64(),
            Name = reader.ReadString() is { Length: > 0 } name ? name : null,
            Descriptor = reader.ReadInt32(),
        };
        return !reader.ReadBoolean() ? area : area with
        {
            File = new MappedFile(reader.ReadString(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadBoolean()) { IsSystemV = reader.ReadBoolean() },
        };
    }
}
