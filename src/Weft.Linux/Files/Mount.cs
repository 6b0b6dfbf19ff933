namespace Weft.Linux.Files;

/// <summary>A piece of the host's files that the program sees.</summary>
/// <param name="destination">Where the program sees it: "" for the root, else as "/a/b". A char a byte.</param>
/// <param name="source">O_PATH descriptor of the host's directory or file, open for the VM's life.</param>
/// <param name="isReadOnly">Nothing in it may be changed.</param>
public sealed class Mount(string destination, int source, bool isReadOnly)
{
    /// <summary>Where the program sees it.</summary>
    public string Destination { get; } = destination;

    /// <summary>The host's descriptor.</summary>
    public int Source { get; } = source;

    /// <summary>Whether every change is EROFS.</summary>
    public bool IsReadOnly { get; } = isReadOnly;
}
