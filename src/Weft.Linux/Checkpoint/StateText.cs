namespace Weft.Linux.Checkpoint;

/// <summary>How a state's lists and optional parts are written and read. Reading trusts nothing about lengths.</summary>
internal static class StateText
{
    /// <summary>Writes bytes behind their length.</summary>
    internal static void WriteBytes(this BinaryWriter writer, ReadOnlySpan<byte> bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    /// <summary>Reads bytes behind their length.</summary>
    /// <exception cref="InvalidDataException">The length passes the end.</exception>
    internal static byte[] ReadBytesWithLength(this BinaryReader reader) => reader.ReadBytes(reader.ReadCount(1));

    /// <summary>Writes a list behind its length.</summary>
    internal static void WriteList<T>(this BinaryWriter writer, IReadOnlyCollection<T> items, Action<BinaryWriter, T> write)
    {
        writer.Write(items.Count);
        foreach (T item in items)
            write(writer, item);
    }

    /// <summary>Reads a list behind its length. Each item takes a byte at least.</summary>
    /// <exception cref="InvalidDataException">The length passes the end.</exception>
    internal static T[] ReadList<T>(this BinaryReader reader, Func<BinaryReader, T> read)
    {
        T[] items = new T[reader.ReadCount(1)];
        for (int index = 0; index < items.Length; index++)
            items[index] = read(reader);
        return items;
    }

    /// <summary>Writes a text that may be missing.</summary>
    internal static void WriteOptional(this BinaryWriter writer, string? text)
    {
        writer.Write(text is not null);
        if (text is not null)
            writer.Write(text);
    }

    /// <summary>Reads a text that may be missing.</summary>
    internal static string? ReadOptional(this BinaryReader reader) => reader.ReadBoolean() ? reader.ReadString() : null;

    /// <summary>Reads how many items follow, of so many bytes each at least.</summary>
    /// <exception cref="InvalidDataException">The rest is too short for them.</exception>
    internal static int ReadCount(this BinaryReader reader, int leastBytes)
    {
        int count = reader.ReadInt32();
        long left = reader.BaseStream.Length - reader.BaseStream.Position;
        return count >= 0 && count <= left / leastBytes ? count : throw new InvalidDataException("a list is longer than the state");
    }
}
