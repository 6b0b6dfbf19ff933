using Weft.Linux.Processes;

namespace Weft.Linux.Checkpoint;

/// <summary>Small settings: of the process, and of the thread that goes on.</summary>
public sealed record SettingsState
{
    /// <summary>The resource limits, in the order of <see cref="Resource"/>.</summary>
    public required IReadOnlyList<ResourceLimit> Limits { get; init; }

    /// <summary>PR_SET_DUMPABLE.</summary>
    public int Dumpable { get; init; } = 1;

    /// <summary>PR_SET_CHILD_SUBREAPER.</summary>
    public bool IsChildSubreaper { get; init; }

    /// <summary>PR_SET_THP_DISABLE.</summary>
    public bool AvoidsLargePages { get; init; }

    /// <summary>personality(2).</summary>
    public uint Personality { get; init; }

    /// <summary>The thread's processors; empty for all.</summary>
    public IReadOnlyList<ulong> Affinity { get; init; } = [];

    /// <summary>set_mempolicy(2).</summary>
    public int MemoryPolicy { get; init; }

    /// <summary>Its nodes.</summary>
    public ulong MemoryPolicyNodes { get; init; }

    /// <summary>As they are now. What exec resets is reset where it is restored.</summary>
    internal static SettingsState Capture(GuestThread thread)
    {
        Process process = thread.Process;
        return new SettingsState
        {
            Limits = process.Limits.ToArray(),
            Dumpable = process.Attributes.Dumpable,
            IsChildSubreaper = process.Attributes.IsChildSubreaper,
            AvoidsLargePages = process.Attributes.AvoidsLargePages,
            Personality = process.Attributes.Personality,
            Affinity = thread.Attributes.Affinity ?? [],
            MemoryPolicy = thread.Attributes.MemoryPolicy,
            MemoryPolicyNodes = thread.Attributes.MemoryPolicyNodes,
        };
    }

    /// <summary>Gives them to a process and its first thread; the limits are the process's already.</summary>
    internal void Restore(GuestThread main)
    {
        ProcessAttributes process = main.Process.Attributes;
        process.Dumpable = Dumpable;
        process.IsChildSubreaper = IsChildSubreaper;
        process.AvoidsLargePages = AvoidsLargePages;
        process.Personality = Personality;
        main.Attributes.Affinity = Affinity.Count == 0 ? null : [.. Affinity];
        main.Attributes.MemoryPolicy = MemoryPolicy;
        main.Attributes.MemoryPolicyNodes = MemoryPolicyNodes;
    }

    internal static void Write(BinaryWriter writer, SettingsState state)
    {
        writer.WriteList(state.Limits, static (to, limit) =>
        {
            to.Write(limit.Soft);
            to.Write(limit.Hard);
        });
        writer.Write(state.Dumpable);
        writer.Write(state.IsChildSubreaper);
        writer.Write(state.AvoidsLargePages);
        writer.Write(state.Personality);
        writer.WriteList(state.Affinity, static (to, word) => to.Write(word));
        writer.Write(state.MemoryPolicy);
        writer.Write(state.MemoryPolicyNodes);
    }

    internal static SettingsState Read(BinaryReader reader) => new()
    {
        Limits = reader.ReadList(static from => new ResourceLimit(from.ReadUInt64(), from.ReadUInt64())),
        Dumpable = reader.ReadInt32(),
        IsChildSubreaper = reader.ReadBoolean(),
        AvoidsLargePages = reader.ReadBoolean(),
        Personality = reader.ReadUInt32(),
        Affinity = reader.ReadList(static from => from.ReadUInt64()),
        MemoryPolicy = reader.ReadInt32(),
        MemoryPolicyNodes = reader.ReadUInt64(),
    };
}
