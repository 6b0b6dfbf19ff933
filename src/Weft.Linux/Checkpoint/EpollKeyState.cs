namespace Weft.Linux.Checkpoint;

/// <summary>Under which descriptors of the host an open file stands in epoll sets.</summary>
/// <param name="FirstNumber">The program's number whose entries are under the file's own descriptor; -1 for none.</param>
/// <param name="FirstEntries">How many those are.</param>
/// <param name="Duplicates">The other numbers, each with a descriptor of its own, which is inherited.</param>
public sealed record EpollKeyState(int FirstNumber, int FirstEntries, IReadOnlyList<(int Number, int Host, int Entries)> Duplicates)
{
    /// <summary>In no set.</summary>
    public static EpollKeyState None { get; } = new(-1, 0, []);

    internal static void Write(BinaryWriter writer, EpollKeyState keys)
    {
        writer.Write(keys.FirstNumber);
        writer.Write(keys.FirstEntries);
        writer.WriteList(keys.Duplicates, static (to, duplicate) =>
        {
            to.Write(duplicate.Number);
            to.Write(duplicate.Host);
            to.Write(duplicate.Entries);
        });
    }

    internal static EpollKeyState Read(BinaryReader reader) => new(reader.ReadInt32(), reader.ReadInt32(),
        reader.ReadList(static from => (from.ReadInt32(), from.ReadInt32(), from.ReadInt32())));
}
