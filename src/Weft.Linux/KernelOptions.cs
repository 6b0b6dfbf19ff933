namespace Weft.Linux;

/// <summary>What a VM's user chose.</summary>
public sealed record KernelOptions
{
    /// <summary>The most memory that the program may use, in bytes; null for the host's.</summary>
    public ulong? MemoryLimitBytes { get; init; }

    /// <summary>How many processors the program sees.</summary>
    public int ProcessorCount { get; init; } = Environment.ProcessorCount;

    /// <summary>The host directory that is the program's root; null for the host's root.</summary>
    public string? RootDirectory { get; init; }

    /// <summary>Host directories or files that appear inside.</summary>
    public IReadOnlyList<BindMount> Binds { get; init; } = [];

    /// <summary>The program may not change any file but by writable binds.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>The program may use the host's network.</summary>
    public bool HasNetwork { get; init; } = true;

    /// <summary>Path of the program's working directory, as it sees it; null for the caller's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Which ways system calls may take.</summary>
    public SystemCallMode SystemCalls { get; init; }

    /// <summary>Whether the program finds an RDMA adapter.</summary>
    public AdapterUse Adapter { get; init; }

    /// <summary>The VM's name, for people and statistics; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>The group whose members may share memory with this VM; null for none.</summary>
    public GroupChoice? Group { get; init; }

    /// <summary>Whether the stub may answer calls itself, unseen by the VMM; off while calls are traced.</summary>
    public bool AnswersInStub { get; init; } = true;

    /// <summary>
    /// Whether the program's memory is one memfd that an adapter or a group's other VMMs map too, instead of private
    /// memory of the VMM, which may get large pages where shared memory gets none.
    /// </summary>
    public bool SharesMemory { get; init; }

    /// <summary>Whether anything narrows the caller's files.</summary>
    public bool NarrowsFiles => RootDirectory is not null || Binds.Count > 0 || ReadOnly;
}

/// <summary>A --bind option.</summary>
/// <param name="Source">Path on the host.</param>
/// <param name="Destination">Absolute path in the VM.</param>
/// <param name="ReadOnly">Nothing below may be changed.</param>
public sealed record BindMount(string Source, string Destination, bool ReadOnly);
