using Weft.Adapter.Control;

namespace Weft.Linux.Verbs;

/// <summary>Something that a program made in a context.</summary>
/// <param name="kind">What it is.</param>
/// <param name="number">The adapter's handle of it.</param>
internal sealed class VerbsObject(VerbsObjectKind kind, uint number)
{
    private ProgramMemory? _buffer;

    internal VerbsObjectKind Kind => kind;

    /// <summary>The adapter's handle.</summary>
    internal uint Number => number;

    /// <summary>The program's handle, once it has one.</summary>
    internal uint Handle { get; set; }

    /// <summary>What events name it by.</summary>
    internal ulong UserHandle { get; init; }

    /// <summary>Of a completion queue: the channel, which it keeps a reference to.</summary>
    internal CompletionChannel? Channel { get; init; }

    /// <summary>Of a completion queue: bytes of its entries; of a queue with requests: the most of them.</summary>
    internal uint Count { get; init; }

    /// <summary>Of a queue pair: its transport.</summary>
    internal QueuePairType Transport { get; init; }

    /// <summary>The ring or the region.</summary>
    internal ProgramMemory? Buffer { get => _buffer; init => _buffer = value; }

    /// <summary>The doorbell record.</summary>
    internal ProgramMemory? Record { get; init; }

    /// <summary>Puts other memory in the place of the buffer. Returns the old one, the caller's.</summary>
    internal ProgramMemory? ReplaceBuffer(ProgramMemory buffer) => Interlocked.Exchange(ref _buffer, buffer);

    /// <summary>Gives up what it holds of the program's. The adapter must be through with it.</summary>
    internal void Release()
    {
        Buffer?.Dispose();
        Record?.Dispose();
        Channel?.Release();
    }
}
