namespace Weft.Linux.Checkpoint;

/// <summary>What a forked process has beyond what a new program keeps: memory, its one thread, and what clone(2) asked.</summary>
/// <remarks>Owns the memory's descriptors until <see cref="Dispose"/>.</remarks>
public sealed class ForkState : IDisposable
{
    private const int MostWords = 1 << 20, MostBytes = 64 << 20;

    /// <summary>The thread, as it is to run in the child.</summary>
    public required ThreadState Thread { get; init; }

    /// <summary>The memory.</summary>
    public required MemoryState Memory { get; init; }

    /// <summary>What the process runs.</summary>
    public required ProgramImage Image { get; init; }

    /// <summary>Where the child writes its id before its first instruction (CLONE_CHILD_SETTID); 0 for nowhere.</summary>
    public ulong ChildTid { get; init; }

    /// <summary>CLONE_CLEAR_SIGHAND: handled signals get their default action.</summary>
    public bool ClearsHandlers { get; init; }

    /// <summary>The pipe to a parent that waits (vfork); -1 when it does not.</summary>
    public int ParentPipe { get; init; } = -1;

    /// <summary>Every descriptor that must cross, each once.</summary>
    public IEnumerable<int> Descriptors => ParentPipe < 0 ? Memory.Descriptors : Memory.Descriptors.Append(ParentPipe);

    /// <summary>Writes it, but for what the descriptors hold.</summary>
    public void Write(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        Thread.Write(writer);
        Memory.Write(writer);
        writer.Write(Image.ExecutablePath);
        WriteWords(writer, Image.Arguments);
        WriteWords(writer, Image.Environment);
        WriteWords(writer, [Image.AuxiliaryVector]);
        writer.Write(Image.ArgumentsStart);
        writer.Write(Image.EnvironmentStart);
        writer.Write(Image.StackTop);
        writer.Write(ChildTid);
        writer.Write(ClearsHandlers);
        writer.Write(ParentPipe);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    /// <exception cref="EndOfStreamException">It is cut off.</exception>
    public static ForkState Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new ForkState
        {
            Thread = ThreadState.Read(reader),
            Memory = MemoryState.Read(reader),
            Image = new ProgramImage(reader.ReadString(), ReadWords(reader), ReadWords(reader), ReadWords(reader) is [var auxiliary] ? auxiliary : [],
                reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64()),
            ChildTid = reader.ReadUInt64(),
            ClearsHandlers = reader.ReadBoolean(),
            ParentPipe = reader.ReadInt32(),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();

    private static void WriteWords(BinaryWriter writer, IReadOnlyList<byte[]> words)
    {
        writer.Write(words.Count);
        foreach (byte[] word in words)
        {
            writer.Write(word.Length);
            writer.Write(word);
        }
    }

    private static byte[][] ReadWords(BinaryReader reader)
    {
        byte[][] words = new byte[Checked(reader.ReadInt32(), MostWords)][];
        for (int index = 0; index < words.Length; index++)
        {
            int length = Checked(reader.ReadInt32(), MostBytes);
            words[index] = reader.ReadBytes(length) is var word && word.Length == length ? word : throw new EndOfStreamException();
        }
        return words;
    }

    private static int Checked(int count, int most) => count >= 0 && count <= most ? count : throw new InvalidDataException("The process's state is damaged.");
}
