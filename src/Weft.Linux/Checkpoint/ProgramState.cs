namespace Weft.Linux.Checkpoint;

/// <summary>The program that an exec starts. Found and checked before the state is written.</summary>
/// <param name="Path">The path that was executed: a script's own, where the program is its interpreter.</param>
/// <param name="Descriptor">The host's descriptor of the program's file, open for reading, inherited.</param>
/// <param name="Arguments">argv, as the program gets it.</param>
/// <param name="Environment">envp.</param>
public sealed record ProgramState(byte[] Path, int Descriptor, IReadOnlyList<byte[]> Arguments, IReadOnlyList<byte[]> Environment)
{
    internal static void Write(BinaryWriter writer, ProgramState program)
    {
        writer.WriteBytes(program.Path);
        writer.Write(program.Descriptor);
        writer.WriteList(program.Arguments, static (to, word) => to.WriteBytes(word));
        writer.WriteList(program.Environment, static (to, variable) => to.WriteBytes(variable));
    }

    internal static ProgramState Read(BinaryReader reader) => new(reader.ReadBytesWithLength(), reader.ReadInt32(),
        reader.ReadList(static from => from.ReadBytesWithLength()), reader.ReadList(static from => from.ReadBytesWithLength()));
}
