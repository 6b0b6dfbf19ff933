namespace Weft.Linux.Checkpoint;

/// <summary>
/// A process's memory as it crosses to another VMM: the mappings, and a memfd with every page that is the process's own.
/// Memory that is shared crosses as the descriptor of its file.
/// </summary>
/// <remarks>Descriptors have the same number on both sides. Who captured it closes its own by <see cref="Dispose"/>.</remarks>
public sealed class MemoryState : IDisposable
{
    /// <summary>The mappings by address.</summary>
    public required IReadOnlyList<AreaState> Areas { get; init; }

    /// <summary>The pages in <see cref="DataDescriptor"/>, by address.</summary>
    public required IReadOnlyList<PageRun> Runs { get; init; }

    /// <summary>Pages that were left with a parent that waits, by address.</summary>
    public IReadOnlyList<PageRun> Left { get; init; } = [];

    /// <summary>Where the heap begins.</summary>
    public required ulong BreakStart { get; init; }

    /// <summary>Where it ends: brk(2).</summary>
    public required ulong Break { get; init; }

    /// <summary>Where the VMM has led the program's code to its own.</summary>
    public IReadOnlyList<ReplacedCode> ReplacedCode { get; init; } = [];

    /// <summary>The file with the pages' contents.</summary>
    public required int DataDescriptor { get; init; }

    /// <summary>Descriptors that were opened for the state alone: closed with it.</summary>
    internal IReadOnlyList<int> OwnDescriptors { get; init; } = [];

    /// <summary>Every descriptor that the other side needs, each once.</summary>
    public IEnumerable<int> Descriptors => Areas.Select(area => area.Descriptor).Append(DataDescriptor).Where(descriptor => descriptor >= 0).Distinct();

    /// <summary>Bytes of <see cref="Runs"/>.</summary>
    public ulong DataBytes => Runs.Aggregate(0ul, (sum, run) => sum + run.LengthBytes);

    /// <summary>The runs that cross when somebody looks at them: those left with the parent, or else those of large areas.</summary>
    internal IEnumerable<PageRun> LateRuns => Left.Count > 0 ? Left : Runs.Where(IsLate);

    /// <summary>Whether a run is of a large area.</summary>
    internal bool IsLate(PageRun run)
    {
        int low = 0, high = Areas.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Areas[middle].Start <= run.Start)
                low = middle + 1;
            else
                high = middle;
        }
        return low > 0 && Areas[low - 1].IsLate;
    }

    /// <summary>Whether System V segments are attached: they may be gone once the parent goes on.</summary>
    internal bool HasSystemV => Areas.Any(static area => area.File is { IsSystemV: true });

    /// <summary>Writes it, but for what the descriptors hold.</summary>
    public void Write(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(BreakStart);
        writer.Write(Break);
        writer.Write(DataDescriptor);
        writer.WriteList(Areas, static (to, area) => area.Write(to));
        writer.WriteList(Runs, WriteRun);
        writer.WriteList(Left, WriteRun);
        writer.WriteList(ReplacedCode, static (to, code) =>
        {
            to.Write(code.Address);
            to.Write(code.Now);
            to.Write(code.Before);
        });
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    /// <exception cref="EndOfStreamException">It is cut off.</exception>
    public static MemoryState Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new MemoryState
        {
            BreakStart = reader.ReadUInt64(),
            Break = reader.ReadUInt64(),
            DataDescriptor = reader.ReadInt32(),
            Areas = reader.ReadList(AreaState.Read),
            Runs = reader.ReadList(ReadRun),
            Left = reader.ReadList(ReadRun),
            ReplacedCode = reader.ReadList(static from => new ReplacedCode(from.ReadUInt64(), from.ReadUInt64(), from.ReadUInt64())),
        };
    }

    /// <summary>Closes the data file and what was opened for the state.</summary>
    public void Dispose()
    {
        foreach (int descriptor in OwnDescriptors)
            Files.HostFile.Close(descriptor);
    }

    private static void WriteRun(BinaryWriter writer, PageRun run)
    {
        writer.Write(run.Start);
        writer.Write(run.LengthBytes);
    }

    private static PageRun ReadRun(BinaryReader reader) => new(reader.ReadUInt64(), reader.ReadUInt64());
}
